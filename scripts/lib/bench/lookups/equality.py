"""All programs have to answer alike, in body, status and headers, before they are compared."""
import http.client
import time

from bench.lookups import peers

SAMPLE = 25
TRIES = 5
# What the worker changes of the demo orders, such as the issue of their invoices, ends within seconds.
PATIENCE = 300
REQUEST_ID = "equality-of-answers"
# Of the moment or of the connection.
IGNORED = {"date", "connection", "keep-alive"}
PAGES = ("/v1/orders?page=0&size=20", "/v1/orders?page=1&size=7", "/v1/orders?page=9999&size=20")


def check(shop, programs):
    """Ends the benchmark if a program answers another than orderd does, or fills a cache so."""
    ours = programs[peers.OURS]
    orders = shop.warm[:: max(1, len(shop.warm) // SAMPLE)]
    users = sorted({user for user, _, _ in orders})
    shop.keep(ours.port, users, orders, PAGES[:2])
    requests = _requests(shop, orders, users)
    count = 0
    for name, program in programs.items():
        for request in requests:
            expected, seen = _ask(ours.port, request), _ask(program.port, request)
            if expected != seen:
                _end(name, request, expected, seen)
            count += name != peers.OURS
    keys = [f"payment-status::{order}" for _, order, _ in orders]
    _wait_for_worker(shop)
    stored = {name: _filled(shop, programs[name], orders, users, keys) for name in peers.FILLING}
    for name, values in stored.items():
        if values != stored[peers.OURS]:
            raise SystemExit(f"bench: {name} stores in the caches what orderd does not")
    return count


def _wait_for_worker(shop):
    """Waits until nothing is changed any more: a change drops what was filled."""
    end = time.monotonic() + PATIENCE
    due = "SELECT COUNT(*) FROM outbox WHERE next_attempt_at <= UTC_TIMESTAMP(6) + INTERVAL 5 SECOND"
    while shop.query(due) != [["0"]]:
        if time.monotonic() > end:
            raise SystemExit(f"bench: the worker is at work after {PATIENCE} s still")
        time.sleep(0.2)


def _requests(shop, orders, users):
    """Path and headers: hits, 304, other customers' orders, unknown ones, and bad tokens."""
    user, order, _ = orders[0]
    stranger = next(other for other in users if other != user)
    token = shop.tokens[user]
    requests = []
    for owner, number, version in orders:
        path, authorization = f"/v1/orders/{number}/payment", f"Bearer {shop.tokens[owner]}"
        requests.append((path, {"Authorization": authorization}))
        for tag in (f'"{number}-{version}"', f'"1-1", W/"{number}-{version}"'):
            requests.append((path, {"Authorization": authorization, "If-None-Match": tag}))
    path = f"/v1/orders/{order}/payment"
    requests += [
        (path, {"Authorization": f"Bearer {shop.tokens[stranger]}"}),
        (path, {"Authorization": f"Bearer st_{'x' * 43}"}),
        (path, {"Authorization": "Bearer nonsense"}),
        (path, {}),
    ]
    requests += [(page, {"Authorization": f"Bearer {token}"}) for page in PAGES[:2]]
    return requests


def _ask(port, request):
    path, headers = request
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    client.request("GET", path, headers={**headers, "X-Request-Id": REQUEST_ID})
    answer = client.getresponse()
    body = answer.read()
    client.close()
    fields = {name.lower(): value for name, value in answer.getheaders()}
    return answer.status, {name: fields[name] for name in fields if name not in IGNORED}, body


def _filled(shop, program, orders, users, keys):
    """What the caches have after a program has filled them."""
    histories = [f"order-history::{user}" for user in users]
    everything = keys + [shop.session_key(user) for user in users] + histories
    shop.drop(everything)
    requests = [(owner, f"/v1/orders/{number}/payment") for owner, number, _ in orders]
    requests += [(user, path) for user in users for path in (PAGES[0], PAGES[2])]
    with shop.redis() as redis:
        # A busy machine may refuse to store at the first time.
        for _ in range(TRIES):
            for user, path in requests:
                headers = {"Authorization": f"Bearer {shop.tokens[user]}"}
                if _ask(program.port, (path, headers))[0] != 200:
                    raise SystemExit(f"bench: {program.name} does not answer {path} from MariaDB")
            lives = redis.send_all([("PTTL", key) for key in everything])
            if all(life > 0 for life in lives):
                break
        else:
            raise SystemExit(f"bench: {program.name} fills no caches, or without an end")
        values = redis.send_all([("GET", key) for key in everything[: -len(histories)]])
        values += redis.send_all([("HGET", key, "0:20") for key in histories])
        return values + redis.send_all([("HLEN", key) for key in histories])


def _end(name, request, expected, seen):
    raise SystemExit(
        f"bench: {name} answers {request} another than orderd:\n  {seen}\ninstead of\n  {expected}"
    )
