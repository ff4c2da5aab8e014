# SPDX-License-Identifier: Apache-2.0 - ClerkCache: which providers it takes, and what it says of others
from __future__ import annotations

import re

import pytest

from clerk_site import ClerkSite, production
from httpd import BASE_MODULES, free_port
from standin.users import MEMBER

WITHOUT_SHMCB = [name for name in BASE_MODULES if name != "socache_shmcb"]
PROVIDERS = ("socache_redis", "socache_memcache", "socache_dbm")


@pytest.mark.parametrize("value, says", [
    ("reddis:127.0.0.1:6379", r'no cache provider "reddis"'),
    ("redis:127.0.0.1:6379", r"LoadModule socache_redis_module modules/mod_socache_redis\.so"),
    ("memcache:127.0.0.1:11211", r"LoadModule socache_memcache_module"),
    (":", r'no cache provider ""'),
    ("None", r'no cache provider "None"'),
])
def test_a_provider_that_is_not_there(rejected, value, says):
    complaint = rejected(f'ClerkCache "{value}"')
    assert re.search(says, complaint), complaint
    assert re.search(rf'line \d+ of .*\n.*ClerkCache: "{value}": ', complaint), complaint


@pytest.mark.parametrize("value, says", [
    ("redis", r"List of server names required.*HOST:PORT"),
    ("redis:", r"List of server names required.*HOST:PORT"),
    ("memcache", r"List of server names required.*HOST:PORT"),
    ("shmcb:cache(4096)", r"size has to be >= 8192.*shmcb:PATH\(SIZE\)"),
    ("shmcb:cache(much)", r"not numerical"),
    ("shmcb:cache(8192", r"no closing parenthesis"),
])
def test_arguments_that_the_provider_refuses(rejected, value, says):
    complaint = rejected(f"ClerkCache {value}", modules=PROVIDERS)
    assert re.search(r"ClerkCache: .*the provider says: .*" + says, complaint), complaint


def test_it_concerns_the_whole_server(rejected):
    complaint = rejected("<VirtualHost *>\nClerkCache none\n</VirtualHost>")
    assert "ClerkCache concerns the whole server: put it outside <VirtualHost>" in complaint


@pytest.mark.parametrize("lines", [
    ["ClerkCache shmcb"], ["ClerkCache shmcb:"],
    ["ClerkCache shmcb:${RUN}/clerk(65536)", 'Mutex "file:${RUN}" clerk-cache'],
    ["ClerkCache none", "ClerkCache shmcb", "Mutex pthread clerk-cache"],
    ["ClerkCache shmcb", "Mutex sem clerk-cache"],
    ["ClerkCache dbm:${RUN}/clerk.dbm"],
], ids=lambda lines: " ".join(lines))
def test_processes_share_by(httpd, standin, lines):
    standin.reset()
    site = ClerkSite(httpd, production(standin), *lines, modules=PROVIDERS, processes=4)
    for _ in range(16):
        site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    assert standin.count("backend.jwks") == 1


def test_none_is_none(httpd, standin):
    standin.reset()
    site = ClerkSite(httpd, production(standin), "ClerkCache none", mpm="prefork",
                     base_modules=WITHOUT_SHMCB)
    for _ in range(16):
        site.admitted(MEMBER, bearer=site.mint.session(MEMBER))
    assert standin.count("backend.jwks") >= 1


def test_the_default_is_missed_once(httpd, standin):
    """Who said nothing and has no shmcb is told, and served."""
    site = ClerkSite(httpd, production(standin), base_modules=WITHOUT_SHMCB)
    site.log.expect(r"\[clerk_auth:warn\].*mod_socache_shmcb is not loaded: each process keeps "
                    r"keys and answers for itself.*ClerkCache none", times=1)
    site.admitted(MEMBER, bearer=site.mint.session(MEMBER))


def test_the_default_is_not_missed_where_there_is_no_instance(httpd):
    server = httpd("", base_modules=WITHOUT_SHMCB)
    assert server.get("/index.txt").status == 200


def test_a_cache_server_that_is_down_at_start(httpd, standin):
    site = ClerkSite(httpd, production(standin), f"ClerkCache redis:127.0.0.1:{free_port()}",
                     modules=PROVIDERS)
    for _ in range(8):
        assert site.get(bearer=site.mint.session(MEMBER)).status == 200
    site.log.expect(r"\[clerk_auth:warn\].*Connection refused: the shared cache redis:127\.0\.0\.1"
                    r":\d+ fails: this process goes on without it", times=1)
