"""Lets MariaDB end what a large fill leaves to be done later."""
import time

# Of the pages in memory.
DIRTY = 0.01
HISTORY = 1_000
LIMIT = 300
# Pages a second that are written meanwhile; the usual 200 would take an hour.
CAPACITY = 20_000
VARIABLES = ("innodb_max_dirty_pages_pct", "innodb_io_capacity_max", "innodb_io_capacity")


def settle(query):
    """Waits until changed pages are written and old versions of rows are gone.

    Both go on for minutes after a fill of millions of rows, which no shop has in an hour, and take
    processor and disk from whatever is measured then. `query` runs statements of an account that may do
    all, and answers the rows.
    """
    usual = query(f"SELECT {', '.join(f'@@GLOBAL.{name}' for name in VARIABLES)}")[0]
    _set(query, (0, CAPACITY, CAPACITY))
    end = time.monotonic() + LIMIT
    while not _is_settled(query) and time.monotonic() < end:
        time.sleep(0.5)
    _set(query, usual)


def _set(query, values):
    query("".join(f"SET GLOBAL {name} = {value};" for name, value in zip(VARIABLES, values)))


def _is_settled(query):
    rows = query("SHOW GLOBAL STATUS LIKE 'Innodb%'")
    status = {row[0]: row[1] for row in rows}
    dirty = int(status["Innodb_buffer_pool_pages_dirty"])
    return (
        dirty <= DIRTY * int(status["Innodb_buffer_pool_pages_data"])
        and int(status["Innodb_history_list_length"]) < HISTORY
    )
