/* SPDX-License-Identifier: Apache-2.0 - values that configuration names instead of holding */
#include "secret.h"

#include <stdlib.h>

#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <http_core.h>

enum { MAX_VALUE_BYTES = 64 * 1024 };

const char clerk_value_later[] = "later";

static const char *trimmed(char *text)
{
    char *end;

    while (apr_isspace(*text)) {
        text++;
    }
    end = text + strlen(text);
    while (end > text && apr_isspace(end[-1])) {
        *--end = '\0';
    }
    return text;
}

/** `ak_` at the beginning of a word, and more behind it than a file's name would have. */
static int has_machine_secret(const char *text)
{
    const char *at = text;

    while ((at = strstr(at, "ak_")) != NULL) {
        int begins_word = at == text || !apr_isalnum(at[-1]);
        int length = 0;

        for (at += 3; apr_isalnum(at[length]); length++) {
        }
        if (begins_word && length >= 16) {
            return 1;
        }
    }
    return 0;
}

const char *clerk_value_shown(const char *text)
{
    int may_be_secret = strstr(text, "sk_live_") != NULL || strstr(text, "sk_test_") != NULL
                        || has_machine_secret(text)
                        || (strstr(text, "://") != NULL && strchr(text, '@') != NULL);

    return may_be_secret ? "(not shown, it may hold a secret)" : text;
}

static const char *read_env(const char **value, cmd_parms *cmd, const char *name)
{
    const char *text = getenv(name);

    if (text == NULL || *text == '\0') {
        return apr_psprintf(cmd->pool,
                            "%s: the environment variable \"%s\" is not set; set it where "
                            "httpd is started (on Debian in /etc/apache2/envvars)",
                            cmd->cmd->name, clerk_value_shown(name));
    }
    *value = trimmed(apr_pstrdup(cmd->pool, text));
    return NULL;
}

static const char *file_problem(cmd_parms *cmd, const char *path, const char *what)
{
    return apr_psprintf(cmd->pool, "%s: cannot read the file \"%s\": %s", cmd->cmd->name,
                        clerk_value_shown(path), what);
}

static const char *read_file(const char **value, cmd_parms *cmd, const char *name)
{
    const char *path = ap_server_root_relative(cmd->pool, name);
    apr_size_t length = MAX_VALUE_BYTES;
    apr_file_t *file;
    char *text, why[128];
    apr_status_t status;

    if (path == NULL) {
        return file_problem(cmd, name, "not a path");
    }
    status = apr_file_open(&file, path, APR_READ, APR_OS_DEFAULT, cmd->temp_pool);
    if (status != APR_SUCCESS) {
        return file_problem(cmd, path, apr_strerror(status, why, sizeof(why)));
    }
    text = apr_pcalloc(cmd->pool, MAX_VALUE_BYTES + 1);
    status = apr_file_read_full(file, text, MAX_VALUE_BYTES, &length);
    apr_file_close(file);
    if (status != APR_EOF) {
        return file_problem(cmd, path,
                            status == APR_SUCCESS
                                ? "it is larger than 64 KiB"
                                : apr_strerror(status, why, sizeof(why)));
    }
    if (strlen(text) != length) {
        return file_problem(cmd, path, "it holds a NUL byte");
    }
    *value = trimmed(text);
    if (**value == '\0') {
        return file_problem(cmd, path, "it is empty");
    }
    return NULL;
}

/* httpd reads its configuration twice when it starts, and once for a restart or `-t`. */
static int is_first_of_two_passes(void)
{
    return ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG
           && ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_NORMAL;
}

/** Its standard output up to a bound; errors go to where httpd's go. */
static apr_status_t read_output(char *text, apr_size_t *length, apr_file_t *from)
{
    apr_status_t status = apr_file_read_full(from, text, MAX_VALUE_BYTES, length);

    apr_file_close(from);
    return status == APR_EOF ? APR_SUCCESS : status;
}

/** Run to its end, so that no process is left behind, and take the first line. */
static char *first_line_of(const char *const *argv, apr_pool_t *pool)
{
    apr_size_t length = 0;
    apr_procattr_t *attributes;
    apr_exit_why_e why;
    apr_proc_t process;
    char *text, *end;
    int code = 0;

    if (apr_procattr_create(&attributes, pool) != APR_SUCCESS
        || apr_procattr_io_set(attributes, APR_NO_PIPE, APR_FULL_BLOCK, APR_NO_PIPE)
               != APR_SUCCESS
        || apr_procattr_cmdtype_set(attributes, APR_PROGRAM_PATH) != APR_SUCCESS
        || apr_proc_create(&process, argv[0], argv, NULL, attributes, pool) != APR_SUCCESS) {
        return NULL;
    }
    text = apr_pcalloc(pool, MAX_VALUE_BYTES + 1);
    if (read_output(text, &length, process.out) != APR_SUCCESS) {
        length = 0;
    }
    if (apr_proc_wait(&process, &code, &why, APR_WAIT) != APR_CHILD_DONE
        || why != APR_PROC_EXIT || code != 0 || length == 0) {
        return NULL;
    }
    end = text + strcspn(text, "\r\n");
    *end = '\0';
    return text;
}

static const char *read_exec(const char **value, cmd_parms *cmd, const char *command)
{
    char **argv, *line;

    if (apr_tokenize_to_argv(command, &argv, cmd->temp_pool) != APR_SUCCESS
        || argv[0] == NULL) {
        return apr_psprintf(cmd->pool, "%s: exec: needs a command, as in exec:/path/to/it",
                            cmd->cmd->name);
    }
    if (is_first_of_two_passes()) {
        *value = clerk_value_later;
        return NULL;
    }
    line = first_line_of((const char *const *)argv, cmd->pool);
    if (line == NULL || *trimmed(line) == '\0') {
        return apr_psprintf(cmd->pool,
                            "%s: the command \"%s\" could not be run, failed or printed "
                            "nothing; it must print the value as its first line",
                            cmd->cmd->name, clerk_value_shown(argv[0]));
    }
    *value = trimmed(line);
    return NULL;
}

const char *clerk_value_read(const char **value, cmd_parms *cmd, const char *argument,
                             int forms)
{
    if ((forms & CLERK_VALUE_ENV) && strncmp(argument, "env:", 4) == 0) {
        return read_env(value, cmd, argument + 4);
    }
    if ((forms & CLERK_VALUE_FILE) && strncmp(argument, "file:", 5) == 0) {
        return read_file(value, cmd, argument + 5);
    }
    if ((forms & CLERK_VALUE_EXEC) && strncmp(argument, "exec:", 5) == 0) {
        return read_exec(value, cmd, argument + 5);
    }
    *value = trimmed(apr_pstrdup(cmd->pool, argument));
    return NULL;
}
