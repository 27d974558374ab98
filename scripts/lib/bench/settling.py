"""Lets MariaDB end what a large fill leaves to be done later."""
import time

# Of the pages in memory.
DIRTY = 0.01
HISTORY = 1_000
LIMIT = 300


def settle(query):
    """Waits until changed pages are written and old versions of rows are gone.

    Both go on for minutes after a fill of millions of rows, which no shop has in an hour, and take
    processor and disk from whatever is measured then. `query` runs statements of an account that may do
    all, and answers the rows.
    """
    usual = query("SELECT @@GLOBAL.innodb_max_dirty_pages_pct")[0][0]
    query("SET GLOBAL innodb_max_dirty_pages_pct = 0")
    end = time.monotonic() + LIMIT
    while not _is_settled(query) and time.monotonic() < end:
        time.sleep(0.5)
    query(f"SET GLOBAL innodb_max_dirty_pages_pct = {usual}")


def _is_settled(query):
    rows = query("SHOW GLOBAL STATUS LIKE 'Innodb%'")
    status = {row[0]: row[1] for row in rows}
    dirty = int(status["Innodb_buffer_pool_pages_dirty"])
    return (
        dirty <= DIRTY * int(status["Innodb_buffer_pool_pages_data"])
        and int(status["Innodb_history_list_length"]) < HISTORY
    )
