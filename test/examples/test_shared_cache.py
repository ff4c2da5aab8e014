# SPDX-License-Identifier: Apache-2.0 - asks conf-examples/shared-cache what its README promises
from __future__ import annotations

import time

import pytest

from cache_server import CacheServer
from conftest import bearer
from standin.users import ADMIN, MEMBER

SITE = "https://www.example.com"
ON_ITS_WAY = 0.3   # seconds for what is put into redis after an answer


@pytest.fixture(scope="module")
def redis():
    with CacheServer("redis") as server:
        yield server


@pytest.fixture
def start(example, clerk, redis):
    """start() is one more server."""
    def one():
        clerk.reset()
        prepared = example("shared-cache", SITE, "socache_redis")
        prepared.server.log.allow("the shared cache redis:.* (fails|is back)")
        prepared.server.log.allow("the key set at .* could not be fetched")
        prepared.server.write("account/index.txt", "account")
        prepared.server.write("api/index.txt", "api")
        return prepared.start(REDIS=f"127.0.0.1:{redis.port}")
    return one


def account(server, clerk) -> int:
    return server.get("/account/index.txt", bearer(clerk.mint.session(MEMBER))).status


def test_keys_are_fetched_by_one_server(start, clerk):
    one = start()
    assert account(one, clerk) == 200
    time.sleep(ON_ITS_WAY)
    other = start()
    assert account(other, clerk) == 200
    assert clerk.count("backend.jwks") == 0


def test_a_token_is_asked_about_by_one_server(start, clerk):
    one, other = start(), start()
    for token in (clerk.new_api_key(ADMIN.id), clerk.new_m2m_token()):
        for server in (one, other, one, other):
            assert server.get("/api/index.txt", bearer(token.secret)).status == 200
            time.sleep(ON_ITS_WAY)
    assert clerk.count("backend.api_key_verify") == clerk.count("backend.m2m_verify") == 1


def test_a_server_starts_while_clerk_cannot_be_reached(start, clerk, redis):
    assert account(start(), clerk) == 200
    time.sleep(ON_ITS_WAY)
    assert redis.entries()
    late = start()
    clerk.fault("*", "answer", status=500)
    assert account(late, clerk) == 200
    clerk.clear_faults()


def test_redis_learns_nothing(start, clerk, redis):
    server = start()
    token = clerk.new_api_key(ADMIN.id)
    assert server.get("/api/index.txt", bearer(token.secret)).status == 200
    time.sleep(ON_ITS_WAY)
    dump = b"\n".join(part for entry in redis.entries().items() for part in entry)
    assert dump
    for told in (token.secret, ADMIN.id, clerk.kid, clerk.secret_key):
        assert told.encode() not in dump


def test_servers_work_without_redis(start, clerk, redis):
    server = start()
    key = clerk.new_api_key(ADMIN.id).secret
    redis.kill()
    try:
        assert account(server, clerk) == 200
        assert server.get("/api/index.txt", bearer(key)).status == 200
        assert server.get("/api/index.txt", bearer("ak_unknown")).status == 401
    finally:
        redis.start()
