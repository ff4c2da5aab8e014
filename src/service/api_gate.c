/* SPDX-License-Identifier: Apache-2.0 - which calls to the Backend API may be made now */
#include "api_gate.h"

#include <apr_hash.h>
#include <apr_thread_mutex.h>

#include "breaker.h"
#include "counters.h"
#include "own_pool.h"
#include "time_left.h"

/** What the API said of one instance; a rate limit is an instance's own. */
typedef struct clerk_api_peer {
    unsigned char id[CLERK_DIGEST_LENGTH];
    apr_time_t stopped_until;
    apr_interval_time_t stop; /* that led to it */
    clerk_breaker breaker;
} clerk_api_peer;

struct clerk_api_gate {
    apr_thread_mutex_t *mutex; /* guards all below */
    clerk_board *board; /* or NULL */
    unsigned connections;
    unsigned under_way;
    apr_hash_t *peers; /* by clerk_instance.api_id; never removed: configuration bounds them */
    apr_pool_t *pool;
};

apr_status_t clerk_api_gate_create(clerk_api_gate **gate, unsigned connections,
                                   clerk_board *board, apr_pool_t *pchild)
{
    clerk_api_gate *made;
    apr_pool_t *pool;
    apr_status_t status = clerk_own_pool_create(&pool, pchild);

    if (status != APR_SUCCESS) {
        return status;
    }
    made = apr_pcalloc(pool, sizeof(*made));
    made->pool = pool;
    made->connections = connections;
    made->board = board;
    made->peers = apr_hash_make(pool);
    status = apr_thread_mutex_create(&made->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    if (status != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return status;
    }
    *gate = made;
    return APR_SUCCESS;
}

static clerk_api_peer *peer_of(clerk_api_gate *gate, const clerk_instance *instance)
{
    clerk_api_peer *peer =
        apr_hash_get(gate->peers, instance->api_id, CLERK_DIGEST_LENGTH);

    if (peer == NULL) {
        peer = apr_pcalloc(gate->pool, sizeof(*peer));
        memcpy(peer->id, instance->api_id, CLERK_DIGEST_LENGTH);
        apr_hash_set(gate->peers, peer->id, CLERK_DIGEST_LENGTH, peer);
    }
    return peer;
}

static apr_interval_time_t own_stop_left(const clerk_api_peer *peer, apr_time_t now)
{
    return clerk_time_left(peer->stopped_until, peer->stop, now);
}

/** What this process was told, or another one. */
static apr_interval_time_t stop_left(const clerk_api_gate *gate,
                                     const clerk_api_peer *peer, apr_time_t now)
{
    apr_interval_time_t left = own_stop_left(peer, now);
    const clerk_board_slot *slot = clerk_board_find(gate->board, peer->id, now);
    apr_interval_time_t others =
        slot != NULL ? clerk_board_pause_left(slot, CLERK_API_LONGEST_STOP, now) : 0;

    return left > others ? left : others;
}

static void tell_others(const clerk_api_gate *gate, const clerk_api_peer *peer,
                        apr_time_t now)
{
    clerk_board_slot *slot = clerk_board_find(gate->board, peer->id, now);

    if (slot != NULL) {
        clerk_board_pause(slot, peer->stop, CLERK_API_LONGEST_STOP, now);
    }
}

static clerk_status enter(clerk_api_pass *pass, clerk_api_gate *gate,
                          clerk_api_peer *peer, apr_time_t now,
                          apr_interval_time_t *after, clerk_error *error)
{
    clerk_breaker_leave leave;

    *after = stop_left(gate, peer, now);
    if (*after > 0) {
        clerk_count(CLERK_COUNT_PUT_OFF_RETRY_AFTER);
        return clerk_fail(error, CLERK_E_MACHINE_UNDECIDED,
                          "the Backend API asked to be left alone for a while");
    }
    if (gate->under_way >= gate->connections) {
        *after = CLERK_API_SHORTEST_STOP;
        clerk_count(CLERK_COUNT_PUT_OFF_CONNECTIONS);
        return clerk_fail(error, CLERK_E_MACHINE_UNDECIDED,
                          "ClerkAPIConnections requests are under way");
    }
    leave = clerk_breaker_ask(&peer->breaker, now);
    if (!leave.is_granted) {
        *after = leave.after;
        clerk_count(CLERK_COUNT_PUT_OFF_BREAKER);
        return clerk_fail(error, CLERK_E_MACHINE_UNDECIDED,
                          "the Backend API is out of order, and not asked for a while");
    }
    gate->under_way++;
    pass->peer = peer;
    pass->is_probe = leave.is_probe;
    return CLERK_OK;
}

clerk_status clerk_api_gate_enter(clerk_api_pass *pass, clerk_api_gate *gate,
                                  const clerk_instance *instance, apr_time_t now,
                                  apr_interval_time_t *after, clerk_error *error)
{
    clerk_status status;

    apr_thread_mutex_lock(gate->mutex);
    status = enter(pass, gate, peer_of(gate, instance), now, after, error);
    apr_thread_mutex_unlock(gate->mutex);
    return status;
}

static void stop(const clerk_api_gate *gate, clerk_api_peer *peer,
                 const clerk_api_outcome *outcome, apr_time_t now)
{
    apr_interval_time_t pause = outcome->retry_after;

    if (outcome->is_busy && pause < CLERK_API_SHORTEST_STOP) {
        pause = CLERK_API_SHORTEST_STOP;
    }
    if (pause > CLERK_API_LONGEST_STOP) {
        pause = CLERK_API_LONGEST_STOP;
    }
    /* of two answers the one that asks for more counts */
    if (pause > 0 && pause > own_stop_left(peer, now)) {
        peer->stop = pause;
        peer->stopped_until = now + pause;
        tell_others(gate, peer, now);
    }
}

void clerk_api_gate_leave(clerk_api_gate *gate, const clerk_api_pass *pass,
                          const clerk_api_outcome *outcome, apr_time_t now)
{
    apr_thread_mutex_lock(gate->mutex);
    gate->under_way--;
    clerk_breaker_note(&pass->peer->breaker, pass->is_probe, outcome->has_failed, now);
    stop(gate, pass->peer, outcome, now);
    apr_thread_mutex_unlock(gate->mutex);
}

void clerk_api_gate_report(clerk_api_report *report, clerk_api_gate *gate,
                           const clerk_instance *instance, apr_time_t now)
{
    const clerk_api_peer *peer;

    apr_thread_mutex_lock(gate->mutex);
    peer = peer_of(gate, instance);
    report->stop_left = stop_left(gate, peer, now);
    report->is_open = peer->breaker.is_open;
    report->failures = peer->breaker.failures;
    report->probe_in =
        peer->breaker.is_open
            ? clerk_time_left(peer->breaker.until, peer->breaker.pause, now)
            : 0;
    apr_thread_mutex_unlock(gate->mutex);
}
