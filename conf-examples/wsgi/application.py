# SPDX-License-Identifier: Apache-2.0 - a WSGI application that tells who is asking
"""Frameworks have the same: request.environ in Flask and Werkzeug, request.META in Django."""


def text(environ, name):
    """WSGI has the bytes of a variable as Latin letters (PEP 3333); these are UTF-8."""
    value = environ.get(name)
    return None if value is None else value.encode("latin-1").decode("utf-8")


def application(environ, start_response):
    user = text(environ, "CLERK_USER_ID")   # CLERK_..., never HTTP_X_CLERK_...
    organization = text(environ, "CLERK_ORG_SLUG")
    answer = f"You are:       {user or 'nobody'}\nOrganization:  {organization or 'none'}\n"
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8"),
                              ("Cache-Control", "no-store")])
    return [answer.encode()]
