/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/credit.h"

/*
 * Bounds the CPU time that strangers may cost. Called under the lock of its owner. An account is a point in
 * time: when everything charged is paid off. A charge moves it into the future.
 */

#include <netinet/in.h>
#include <string.h>

/* What a client that was let in still owes of a charge, in multiples of its cost: its own address, and all
 * together. */
enum { ADDRESS_KEPT = CREDIT_SHARE, ALL_KEPT = 1 };

void credit_init(struct credit *credit, const struct credit_terms *terms, struct limits *limits)
{
    *credit = (struct credit){.terms = *terms, .limits = limits};
    pthread_mutex_init(&credit->lock, NULL);
}

void credit_done(struct credit *credit)
{
    pthread_mutex_destroy(&credit->lock);
}

static uint64_t greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t less_by(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static struct credit_client client_v4(const uint8_t bytes[4])
{
    uint32_t address;

    memcpy(&address, bytes, sizeof(address));
    address = ntohl(address);
    /* Like an IPv6 network 0:ffff:AABB:CCDD::, which nobody uses. */
    return (struct credit_client){.address = UINT64_C(0xffff00000000) | address,
                                  .network = UINT64_C(0xffff00000000) | (address & 0xffffff00)};
}

struct credit_client credit_client(const struct sockaddr *address)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6 = {};
    uint64_t prefix = 0;

    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof(v4));
        return client_v4((const uint8_t *)&v4.sin_addr);
    }
    if (address->sa_family == AF_INET6)
        memcpy(&v6, address, sizeof(v6));
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
        return client_v4(&v6.sin6_addr.s6_addr[12]);
    for (size_t i = 0; i < sizeof(prefix); i++)
        prefix = prefix << 8 | v6.sin6_addr.s6_addr[i];
    return (struct credit_client){.address = prefix, .network = prefix >> 16};
}

/* Returns NULL if the client has no account, and owes nothing. */
static struct credit_account *account_find(struct credit_accounts *accounts, uint64_t key)
{
    for (size_t i = 0; i < accounts->count; i++)
        if (accounts->keys[i] == key)
            return &accounts->items[i];
    return NULL;
}

/* Returns when the account may best be forgotten. A debt counts for more than a mere memory. */
static uint64_t account_end(const struct credit_account *account)
{
    return greater(account->clear_ns + CREDIT_MEMORY_NS,
                   greater(account->failed_until_ns, account->known_until_ns));
}

static struct credit_account *account_make(struct credit_accounts *accounts, uint64_t key)
{
    struct credit_account *account = account_find(accounts, key);
    size_t chosen = 0;

    if (account)
        return account;
    if (accounts->count < CREDIT_ADDRESSES)
        chosen = accounts->count++;
    else
        for (size_t i = 1; i < accounts->count; i++)
            if (account_end(&accounts->items[i]) < account_end(&accounts->items[chosen]))
                chosen = i;
    accounts->keys[chosen] = key;
    accounts->items[chosen] = (struct credit_account){};
    return &accounts->items[chosen];
}

static enum credit_standing standing_of(const struct credit_account *address,
                                        const struct credit_account *network, uint64_t now_ns)
{
    if (address && now_ns < address->known_until_ns)
        return CREDIT_KNOWN;
    if (address && now_ns < address->failed_until_ns)
        return CREDIT_FAILED;
    return network && now_ns < network->failed_until_ns ? CREDIT_NEIGHBOUR : CREDIT_STRANGER;
}

uint64_t credit_when(struct credit *credit, const struct credit_client *client, uint64_t now_ns,
                     enum credit_standing *ret_standing)
{
    static const unsigned halves[] = {[CREDIT_KNOWN] = 0, [CREDIT_STRANGER] = 1, [CREDIT_NEIGHBOUR] = 2};
    struct credit_account *address;
    enum credit_standing standing;
    uint64_t when_ns, free_ns, overdraft_ns;

    pthread_mutex_lock(&credit->lock);
    address = account_find(&credit->addresses, client->address);
    standing = standing_of(address, account_find(&credit->networks, client->network), now_ns);
    overdraft_ns = greater(CREDIT_OVERDRAFT_NS, CREDIT_OVERDRAFT_PIECES * credit->piece_ns);
    when_ns = credit->clear_ns;
    if (standing != CREDIT_FAILED)
        when_ns = less_by(when_ns, (CREDIT_SHARE * overdraft_ns) >> halves[standing]);
    free_ns = greater(credit->terms.free_ns, credit->terms.free_pieces * credit->piece_ns);
    if (address)
        when_ns =
            greater(when_ns, greater(address->next_ns, less_by(address->clear_ns, CREDIT_PAUSE * free_ns)));
    pthread_mutex_unlock(&credit->lock);
    *ret_standing = standing;
    return when_ns;
}

void credit_hit(struct credit *credit)
{
    limit_hit(credit->limits, credit->terms.limit);
}

void credit_charge(struct credit *credit, const struct credit_client *client, uint64_t cost_ns,
                   uint64_t now_ns)
{
    struct credit_account *address;

    pthread_mutex_lock(&credit->lock);
    address = account_make(&credit->addresses, client->address);
    address->clear_ns = greater(address->clear_ns, now_ns) + CREDIT_PAUSE * cost_ns;
    credit->clear_ns = greater(credit->clear_ns, now_ns) + CREDIT_SHARE * cost_ns;
    credit->piece_ns = cost_ns;
    pthread_mutex_unlock(&credit->lock);
}

static void settle_let_in(struct credit *credit, struct credit_account *address, uint64_t cost_ns,
                          uint64_t now_ns)
{
    address->clear_ns = less_by(address->clear_ns, (CREDIT_PAUSE - ADDRESS_KEPT) * cost_ns);
    address->known_until_ns = now_ns + CREDIT_MEMORY_NS;
    credit->clear_ns = less_by(credit->clear_ns, (CREDIT_SHARE - ALL_KEPT) * cost_ns);
}

void credit_settle(struct credit *credit, const struct credit_client *client, uint64_t cost_ns, bool let_in,
                   uint64_t now_ns)
{
    struct credit_account *address;

    pthread_mutex_lock(&credit->lock);
    address = account_make(&credit->addresses, client->address);
    if (let_in) {
        settle_let_in(credit, address, cost_ns, now_ns);
    } else {
        address->failed_until_ns = now_ns + CREDIT_MEMORY_NS;
        address->next_ns = now_ns + credit->terms.pause_min_ns;
        account_make(&credit->networks, client->network)->failed_until_ns = now_ns + CREDIT_MEMORY_NS;
    }
    pthread_mutex_unlock(&credit->lock);
}
