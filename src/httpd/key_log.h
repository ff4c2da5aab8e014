/* SPDX-License-Identifier: Apache-2.0 - what is said of key sets while the server runs */
#ifndef CLERK_KEY_LOG_H
#define CLERK_KEY_LOG_H

#include "../service/key_store.h"

/**
 * clerk_key_store_options.tell: at debug each new set; at warning that fetching fails and how
 * old the known keys are, or at error that there are none; at notice that it works again.
 *
 * @param main_server  a server_rec
 */
void clerk_log_keys(void *main_server, clerk_key_event event,
                    const clerk_key_report *report);

#endif
