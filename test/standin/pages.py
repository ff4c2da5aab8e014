# SPDX-License-Identifier: Apache-2.0 - the pages people see
"""Plain HTML pages: sign-in, tasks, signed-out. No script, and text is always escaped."""
from __future__ import annotations

from html import escape
from typing import Iterable, Mapping
from urllib.parse import urlencode

from .users import User

_STYLE = """
body { font: 1.05rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto;
       padding: 0 1rem; color: #1b1b1f; background: #fff }
ul { list-style: none; padding: 0 }
li { margin: .6rem 0 }
button { font: inherit; width: 100%; padding: .7rem 1rem; text-align: left; cursor: pointer;
         color: inherit; background: #f3f3f7; border: 1px solid #767680; border-radius: .4rem }
button:hover, button:focus-visible { background: #e4e4f4; outline: 2px solid #4338ca }
.note { padding: .6rem 1rem; border-left: .3rem solid #b45309; background: #fef6e7 }
footer { margin-top: 2.5rem; color: #55555f; font-size: .9rem }
"""


def _page(title: str, main: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
{main}
</main>
<footer>A local stand-in for Clerk, for trying out and testing. It asks for no password.</footer>
</body>
</html>
"""


def _hidden(redirect_url: str) -> str:
    if not redirect_url:
        return ""
    return f'<input type="hidden" name="redirect_url" value="{escape(redirect_url)}">\n'


def label(user: User) -> str:
    return f"Sign in as {user.first_name} {user.last_name} ({user.description})"


def sign_in(title: str, base: str, users: Iterable[User], redirect_url: str,
            note: str = "", signed_in: User | None = None) -> str:
    """One button per user; `note` is shown above them."""
    buttons = "\n".join(
        f'<li><button name="user" value="{escape(user.key)}">{escape(label(user))}</button></li>'
        for user in users)
    parts = [f'<p class="note" role="status">{escape(note)}</p>'] if note else []
    if signed_in:
        query = urlencode({"redirect_url": redirect_url}) if redirect_url else ""
        parts.append(
            f"<p>You are signed in as {escape(signed_in.first_name)} "
            f'{escape(signed_in.last_name)}. <a href="{base}/sign-out?{escape(query)}">'
            "Sign out</a>, or choose who to be:</p>")
    else:
        parts.append("<p>Choose who to be:</p>")
    parts.append(f'<form method="post" action="{base}/sign-in">\n{_hidden(redirect_url)}'
                 f"<ul>\n{buttons}\n</ul>\n</form>")
    return _page(title, "\n".join(parts))


def tasks(base: str, user: User, redirect_url: str) -> str:
    return _page(
        "One more step",
        f"<p>{escape(user.first_name)}, your session is pending: there is a task to do "
        "before it counts.</p>\n"
        f'<form method="post" action="{base}/sign-in/tasks">\n{_hidden(redirect_url)}'
        "<button>Complete the task</button>\n</form>")


def consent(base: str, client: str, scopes: Iterable[str], users: Iterable[User],
            fields: Mapping[str, str]) -> str:
    """What an OAuth client wants, and who allows it; `fields` is its request."""
    kept = "\n".join(f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
                     for name, value in fields.items() if name != "user")
    buttons = "\n".join(
        f'<li><button name="user" value="{escape(user.key)}">Allow as {escape(user.first_name)} '
        f"{escape(user.last_name)}</button></li>" for user in users)
    return _page(
        "Allow access",
        f"<p>{escape(client)} asks for: {escape(', '.join(scopes))}.</p>\n"
        f'<form method="post" action="{base}/oauth/authorize">\n{kept}\n<ul>\n{buttons}\n'
        '<li><button name="user" value="">Refuse</button></li>\n</ul>\n</form>')


def refused(text: str) -> str:
    return _page("This cannot be", f'<p class="note" role="alert">{escape(text)}</p>')


def signed_out(base: str) -> str:
    return _page("Signed out", f'<p>You are signed out. <a href="{base}/sign-in">Sign in</a></p>')
