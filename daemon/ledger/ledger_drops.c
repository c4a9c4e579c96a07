/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/ledger/ledger_drops.h"

/* Keeps the last two readings of the drop sites by cause. Called under the lock of the ledger. */

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"

uint64_t ledger_device(const char *name)
{
    return name[0] ? hash_text(HASH_EMPTY, name) : 0;
}

static const struct table *find(const struct snapshot *snapshot, enum role role, int *ret_column)
{
    for (size_t i = 0; i < snapshot->table_count; i++) {
        *ret_column = table_find_role(&snapshot->tables[i], role);
        if (*ret_column >= 0)
            return &snapshot->tables[i];
    }
    return NULL;
}

bool ledger_drops_has(const struct snapshot *snapshot)
{
    int column;

    return find(snapshot, ROLE_DROP_CAUSES, &column) != NULL;
}

/* Returns the number whose name is the text, or `otherwise`. */
static unsigned number_of(const char *text, const char *(*name)(unsigned), unsigned count, unsigned otherwise)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(name(i), text) == 0)
            return i;
    return otherwise;
}

static const char *name_of_stage(unsigned stage)
{
    return stage_name((enum stage)stage);
}

static const char *name_of_class(unsigned loss_class)
{
    return loss_class_name((enum loss_class)loss_class);
}

static void label_of(const struct row_set *rows, size_t row, const char *label, char *text, size_t size)
{
    if (row_set_label(rows, row, label, text, size) < 0)
        text[0] = '\0';
}

static void item_read(const struct row_set *rows, size_t row, struct ledger_drop *item)
{
    char stage[16], loss_class[16], netns[16], version[4];
    char device[LEDGER_DEVICE_SIZE], cause[LEDGER_NAME_SIZE];

    label_of(rows, row, "stage", stage, sizeof(stage));
    label_of(rows, row, "class", loss_class, sizeof(loss_class));
    label_of(rows, row, "netns", netns, sizeof(netns));
    label_of(rows, row, "ip_version", version, sizeof(version));
    label_of(rows, row, "device", device, sizeof(device));
    label_of(rows, row, "cause", cause, sizeof(cause));
    *item = (struct ledger_drop){
        .key =
            ledger_key((enum stage)number_of(stage, name_of_stage, STAGE_COUNT, STAGE_UNKNOWN),
                       ledger_direction(rows, row),
                       (enum loss_class)number_of(loss_class, name_of_class, LOSS_CLASS_COUNT, LOSS_UNKNOWN),
                       device, cause),
        .ours = strcmp(netns, "self") == 0,
        .ip_version = version[0],
        .device = ledger_device(device),
        .row = -1,
    };
}

static bool items_equal(const struct ledger_drop *a, const struct ledger_drop *b)
{
    return !memcmp(&a->key, &b->key, sizeof(a->key)) && a->ours == b->ours && a->ip_version == b->ip_version;
}

static uint64_t item_hash(const struct ledger_drop *item)
{
    return hash_word(hash_bytes(HASH_EMPTY, &item->key, sizeof(item->key)),
                     (uint64_t)item->ours << 8 | (unsigned char)item->ip_version);
}

/* Makes room for `count` causes. */
static int first_grow(struct ledger_drops *drops, size_t count)
{
    uint32_t *grown = count > drops->first_count ? calloc(count, sizeof(*grown)) : drops->first;

    if (!grown)
        return -ENOMEM;
    if (grown == drops->first)
        return 0;
    if (drops->first_count)
        memcpy(grown, drops->first, drops->first_count * sizeof(*grown));
    free(drops->first);
    drops->first = grown;
    drops->first_count = count;
    return 0;
}

static uint64_t here_hash(int cause, uint64_t device)
{
    return hash_word(device, (uint64_t)cause);
}

/* Returns the index + 1 of the first item of the cause on a device of our own namespace, or 0. */
static uint32_t first_here(const struct ledger_drops *drops, int cause, uint64_t device)
{
    size_t first = hash_index_find(&drops->devices, here_hash(cause, device), item,
                                   drops->items[item].cause == cause && drops->items[item].device == device);

    return (uint32_t)(first + 1); /* HASH_NONE is SIZE_MAX, so that this is 0 */
}

/* Appends the item and links it to those of the same cause. */
static int item_link(struct ledger_drops *drops)
{
    struct ledger_drop *item = &drops->items[drops->count];
    uint32_t here = item->device && item->ours ? first_here(drops, item->cause, item->device) : 0;

    if (here) {
        item->next_here = drops->items[here - 1].next_here;
        drops->items[here - 1].next_here = (uint32_t)drops->count + 1;
    } else if (item->device && item->ours &&
               hash_index_add(&drops->devices, here_hash(item->cause, item->device), drops->count) < 0) {
        return -ENOMEM;
    }
    item->next = drops->first[item->cause];
    drops->first[item->cause] = (uint32_t)++drops->count;
    return 0;
}

/* Returns the index of the item, and adds a new one. Returns -ENOMEM if memory runs out. */
static int item_place(struct ledger_drops *drops, struct ledger_drop *item, struct ledger_names *causes)
{
    uint64_t hash = item_hash(item);
    size_t known = hash_index_find(&drops->index, hash, other, items_equal(&drops->items[other], item));

    if (known != HASH_NONE)
        return (int)known;
    item->cause = ledger_name(causes, item->key.cause);
    if (item->cause < 0 || first_grow(drops, causes->capacity) < 0 ||
        array_grow(drops->items, drops->count, drops->capacity) < 0)
        return -ENOMEM;
    drops->items[drops->count] = *item;
    if (hash_index_reserve(&drops->index, drops->count + 1) < 0 || item_link(drops) < 0)
        return -ENOMEM;
    (void)hash_index_add(&drops->index, hash, drops->count - 1); /* cannot fail: room is reserved */
    return (int)drops->count - 1;
}

static int take_rows(struct ledger_drops *drops, struct row_set *rows, struct ledger_names *causes)
{
    _cleanup_(freep) uint32_t *places = calloc(rows->count ? rows->count : 1, sizeof(*places));

    if (!places)
        return -ENOMEM;
    for (size_t row = 0; row < rows->count; row++) {
        struct ledger_drop item;
        int place;

        item_read(rows, row, &item);
        place = item_place(drops, &item, causes);
        if (place < 0)
            return place;
        places[row] = (uint32_t)place;
    }
    free(drops->places);
    drops->places = take_ptr(places);
    row_set_unref(drops->rows);
    drops->rows = row_set_ref(rows);
    return 0;
}

/* Returns by how much a count rose. A count that fell began again at 0. */
static uint64_t moved(struct ledger_drops *drops, uint64_t *seen, uint64_t value)
{
    uint64_t by = value - *seen;

    if (value < *seen) {
        drops->broken = true;
        by = value;
    }
    *seen = value;
    return by;
}

static void take_cells(struct ledger_drops *drops, const struct table *table, int skbs_column)
{
    int segments_column = table_find_role(table, ROLE_DROP_CAUSE_SEGMENTS);

    for (size_t i = 0; i < drops->count; i++)
        drops->items[i].before = drops->items[i].skbs;
    for (size_t row = 0; row < table->rows->count; row++) {
        struct ledger_drop *item = &drops->items[drops->places[row]];
        uint64_t skbs, segments;

        if (!table_get(table, row, (size_t)skbs_column, &skbs))
            continue;
        if (segments_column < 0 || !table_get(table, row, (size_t)segments_column, &segments))
            segments = skbs;
        skbs = moved(drops, &item->seen[0], skbs);
        segments = moved(drops, &item->seen[1], segments);
        item->skbs += drops->told ? 0 : skbs;
        item->owed += drops->told ? 0 : segments;
    }
}

/* Counts unseen drops since the ledger began. */
static void take_unseen(struct ledger_drops *drops, const struct snapshot *snapshot)
{
    int column;
    const struct table *table = find(snapshot, ROLE_DROPS_UNSEEN, &column);
    uint64_t sum = 0, value;

    for (size_t row = 0; table && row < table->rows->count; row++)
        if (table_get(table, row, (size_t)column, &value))
            sum += value;
    if (!drops->unseen_known)
        drops->unseen_seen = sum;
    drops->unseen_known = true;
    value = moved(drops, &drops->unseen_seen, sum);
    drops->unseen += value;
    drops->broken |= value != 0;
}

int ledger_drops_take(struct ledger_drops *drops, const struct snapshot *snapshot,
                      struct ledger_names *causes)
{
    int column;
    const struct table *table = find(snapshot, ROLE_DROP_CAUSES, &column);
    int error;

    if (!table || drops->ended_ns == snapshot->published_ns)
        return 0;
    error = drops->rows == table->rows ? 0 : take_rows(drops, table->rows, causes);
    if (error < 0) {
        ledger_drops_blind(drops, false);
        return error;
    }
    drops->broken = !drops->ended_ns;
    drops->before_ended_ns = drops->ended_ns;
    drops->began_ns = snapshot->began_ns;
    drops->ended_ns = snapshot->published_ns;
    take_cells(drops, table, column);
    take_unseen(drops, snapshot);
    drops->told = false;
    return 0;
}

void ledger_drops_blind(struct ledger_drops *drops, bool told)
{
    drops->told |= told;
    drops->began_ns = drops->ended_ns = drops->before_ended_ns = 0;
}

void ledger_drops_done(struct ledger_drops *drops)
{
    free(drops->items);
    hash_index_done(&drops->index);
    hash_index_done(&drops->devices);
    free(drops->first);
    row_set_unref(drops->rows);
    free(drops->places);
    *drops = (struct ledger_drops){};
}

static bool joins(const struct ledger_drop *item, enum ledger_join join, const struct ledger_place *place)
{
    if (join == JOIN_IP_VERSION)
        return item->ours && item->ip_version == place->ip_version;
    return item->ours || join == JOIN_HOST;
}

static uint64_t skbs_of(const struct ledger_drop *item, bool before)
{
    return before ? item->before : item->skbs;
}

/* One device has few items. */
static uint64_t explain_here(const struct ledger_drops *drops, int cause, uint64_t device, bool before)
{
    uint64_t sum = 0;

    for (uint32_t next = device ? first_here(drops, cause, device) : 0; next;
         next = drops->items[next - 1].next_here)
        sum += skbs_of(&drops->items[next - 1], before);
    return sum;
}

static uint64_t explain_joint(const struct ledger_drops *drops, const struct ledger_joint *joint,
                              const struct ledger_place *place, bool before)
{
    uint64_t sum = 0;

    if (joint->join == JOIN_DEVICE || joint->join == JOIN_PEER)
        return explain_here(drops, joint->cause, joint->join == JOIN_PEER ? place->peer : place->device,
                            before);
    for (uint32_t next = (size_t)joint->cause < drops->first_count ? drops->first[joint->cause] : 0; next;
         next = drops->items[next - 1].next)
        if (joins(&drops->items[next - 1], joint->join, place))
            sum += skbs_of(&drops->items[next - 1], before);
    return sum;
}

uint64_t ledger_drops_explain(const struct ledger_drops *drops, const struct ledger_joint *joints,
                              const struct ledger_place *place, bool before)
{
    uint64_t sum = 0;

    for (; joints->cause >= 0; joints++)
        sum += explain_joint(drops, joints, place, before);
    return sum;
}
