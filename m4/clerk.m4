# SPDX-License-Identifier: Apache-2.0 - the few macros that configure.ac needs beyond autoconf's own

# CLERK_APPEND_CFLAG(VARIABLE, FLAG...)
# Append each FLAG that the C compiler knows to VARIABLE.
AC_DEFUN([CLERK_APPEND_CFLAG], [
  m4_foreach_w([clerk_flag], [$2], [
    AS_VAR_PUSHDEF([clerk_cached], [clerk_cv_cflag_[]clerk_flag])
    AC_CACHE_CHECK([whether $CC accepts ]clerk_flag, [clerk_cached], [
      clerk_saved_CFLAGS=$CFLAGS
      CFLAGS="$CFLAGS -Werror clerk_flag"
      AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
        [AS_VAR_SET([clerk_cached], [yes])], [AS_VAR_SET([clerk_cached], [no])])
      CFLAGS=$clerk_saved_CFLAGS
    ])
    AS_VAR_IF([clerk_cached], [yes], [AS_VAR_APPEND([$1], [" clerk_flag"])])
    AS_VAR_POPDEF([clerk_cached])
  ])
])

# CLERK_MISSING(WHAT, DEBIAN-PACKAGE, FEDORA-PACKAGE)
# End with an error that names the package to install.
AC_DEFUN([CLERK_MISSING], [
  AC_MSG_ERROR([$1 was not found.
    Debian, Ubuntu:  apt install $2
    Fedora, RHEL:    dnf install $3])
])

# CLERK_NEED_PKG(VARIABLE, PKG-CONFIG-MODULE, DEBIAN-PACKAGE, FEDORA-PACKAGE)
# Like PKG_CHECK_MODULES, with the error of CLERK_MISSING; sets VARIABLE_VERSION too.
AC_DEFUN([CLERK_NEED_PKG], [
  PKG_CHECK_MODULES([$1], [$2], [], [CLERK_MISSING([$2], [$3], [$4])])
  $1[]_VERSION=`$PKG_CONFIG --modversion m4_car(m4_unquote(m4_split([$2])))`
])

# CLERK_SYSTEM_INCLUDES(VARIABLE)
# Turn -I into -isystem, so that our warnings judge our own code only; drop the one
# directory that every compiler looks in anyhow, whose place in the order must stay.
AC_DEFUN([CLERK_SYSTEM_INCLUDES], [
  $1=`AS_ECHO([" $$1 "]) | sed 's| -I */usr/include | |g; s/ -I */ -isystem /g'`
])
