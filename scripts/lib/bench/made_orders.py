"""Orders that are made in SQL, many at once, of people whose names are as unlike as real ones."""

STATUSES = (
    "awaiting_payment", "confirmed", "payment_review", "stock_review", "in_fulfilment", "shipped",
    "delivered", "returned", "cancelled", "expired", "rejected",
)
PAYMENT_STATUSES = (
    "none_required", "due_on_delivery", "requires_payment_method", "requires_action", "processing",
    "requires_retry", "unknown", "authorized", "paid", "overpaid", "partially_refunded", "refunded",
    "failed", "cancelled", "disputed",
)

# Given and family names, the frequent ones first; further family names are built of parts.
GIVEN = """
Maria Ion Ana Elena Gheorghe Vasile Andrei Ioana Alexandru Mihai Constantin Ștefan Mihaela Cristina
Nicolae Florin Daniela Dumitru Adrian Gabriela Marian Georgiana Bogdan Andreea Ionuț Raluca Cătălin
Simona Răzvan Țîța Ana-Maria Luminița Sorin Oana Viorel Mădălina Costel Irina Petru Anca Ilie Carmen
Tudor Diana Radu Roxana Liviu Corina Horia Ileana Łukasz Zoltán Ágnes Jürgen Søren Xenia Yasmin Wanda
""".split()
FAMILY = """
Popa Popescu Pop Radu Ionescu Dumitru Stoica Stan Gheorghe Matei Ciobanu Rusu Mihai Constantin Marin
Șerban Lazăr Dinu Munteanu Moldovan Toma Ene Tănase Ioniță Țîrlea Neagu Vlad Ungureanu Sandu Dobre
Badea Barbu Nistor Preda Enache Voicu Cristea Olteanu Diaconu Oprea Grigore Avram Suciu Bălan Țăranu
Kovács Szabó Nagy Müller Bratu Călin Drăgan Filip Ghiță Iacob Jianu Lupu Manea Nedelcu Zamfir
""".split()
STARTS = """
Al An Ar Băl Ber Boj Bra Bu Cal Car Cer Chi Cio Co Cos Cri Dan Di Dră Du Flo Fră Gav Geor Gri Gu Ha
Hri Ia Il Io Jo Lă Lu Măr Mi Mir Mol Mu Na Ne Ni Ol On Pă Pe Po Pre Ră Ro Ru San Să Si Sta Ste Su Șer
Tă Te Ti To Tru Ță Un Ur Va Vi Vla Vo Ză
""".split()
ENDS = """
ban bescu bu cea ciu ciuc covici dan dea descu doiu du escu escul eanu gan gar goi iacu ica ilă iuc
laru lea lescu liuc lu maru mescu mureanu nea necu nescu niță nu oaie ogan oiu oșu pescu raru reanu
rescu riga roiu san saru seanu șan șca șoiu tache taru teanu tescu toiu țan țeanu țu uleț ușa var
vescu viciu viță voiu xandri zan zescu
""".split()


def words(name):
    """The words of a filter by state."""
    return STATUSES if name == "status" else PAYMENT_STATUSES


def _rows(names):
    return ", ".join(f"({number}, '{name}')" for number, name in enumerate(names))


def _number(bits):
    """The expression of an order's number of 40 bits, with its check character."""
    alphabet = "'0123456789ABCDEFGHJKMNPQRSTVWXYZ'"
    symbols = [f"({bits} >> {5 * place} & 31)" for place in range(8)]
    doubled = [f"({symbol} * 2 DIV 32 + {symbol} * 2 % 32)" for symbol in symbols[1::2]]
    check = f"(32 - ({' + '.join(symbols[0::2] + doubled)}) % 32) % 32"
    letters = [f"SUBSTR({alphabet}, {symbol} + 1, 1)" for symbol in (*symbols, check)]
    return f"CONCAT('RO-', {', '.join(letters[:4])}, '-', {', '.join(letters[4:8])}, '-', {letters[8]})"


_FAMILIES = FAMILY + [start + end for end in ENDS for start in STARTS]

PEOPLE = f"""
CREATE TABLE bench_given (id INT PRIMARY KEY, name VARCHAR(32) NOT NULL);
CREATE TABLE bench_family (id INT PRIMARY KEY, name VARCHAR(32) NOT NULL);
INSERT INTO bench_given VALUES {_rows(GIVEN)};
INSERT INTO bench_family VALUES {_rows(_FAMILIES)};
"""

def _hash(word, length):
    return f"CRC32(WEIGHT_STRING(LEFT({word}, {length})))"


# The key and the signature of two words `a` and `b` of a name, and which have one.
PAIR = f"({_hash('a.word', 3)} + {_hash('b.word', 'letters')}) & 4294967295"
PREFIX_BITS = " | ".join(
    f"1 << ({_hash(word, length)} % 63)" for word in ("a.word", "b.word") for length in (4, 5, 6)
)
IS_PAIR = """a.word <> b.word AND CHAR_LENGTH(a.word) >= 3
    AND (letters = 1 OR a.word < b.word AND CHAR_LENGTH(b.word) >= 3)"""
LETTERS = "(SELECT 3 AS letters UNION ALL SELECT 1) AS by_letters"

# Of 40 orders one is of somebody who orders all the time. The others are of a customer for three
# orders on average, some far more often; names are drawn so that the first are the most frequent.
# `u1` to `u4` are between 0 and 1, and depend on the customer or on the order alone.
FILL = f"""
SET @given = {len(GIVEN)}, @family = {len(_FAMILIES)}, @count = {{count}}, @span = 4 * 365 * 86400;
SET SESSION foreign_key_checks = 0, unique_checks = 0;
CREATE TEMPORARY TABLE bench_made
SELECT seq, customer, CRC32(CONCAT(customer, 'g')) / 4294967296e0 AS u1,
    CRC32(CONCAT(customer, 'f')) / 4294967296e0 AS u2, CRC32(CONCAT(seq, 's')) / 4294967296e0 AS u3,
    CRC32(CONCAT(seq, 'p')) / 4294967296e0 AS u4,
    CAST(seq AS UNSIGNED) * 679891637639 & 1099511627775 AS bits,
    UTC_TIMESTAMP() - INTERVAL FLOOR(@span * (1 - seq / @count)) SECOND AS made
FROM (SELECT seq, IF(seq % 40 = 0, seq DIV 40 % 5,
        10 + FLOOR(@count / 3 * POW(CRC32(seq) / 4294967296e0, 1.5))) AS customer
    FROM seq_{{first}}_to_{{last}}) AS drawn;
INSERT INTO orders (id, number, checkout_session_id, email, contact_name, phone, billing, shipping,
    shipping_method, payment_method, status, payment_status, currency, items_minor,
    shipping_minor, total_minor, item_count, created_at, updated_at, visible_at)
SELECT seq, {_number('bits')}, CONCAT('bench_', seq),
    IF(customer < 10, CONCAT('comenzi', customer, '@example.ro'),
        CONCAT(LOWER(LEFT(MD5(customer), 8)), customer, '@example.ro')),
    CONCAT(g.name, ' ', f.name), CONCAT('07', LPAD(customer, 8, '2')),
    JSON_OBJECT('name', CONCAT(g.name, ' ', f.name), 'address', JSON_OBJECT('street',
        CONCAT('Strada Florilor ', customer % 200), 'city', 'Cluj-Napoca', 'county', 'RO-CJ',
        'postalCode', '400114', 'country', 'RO')),
    JSON_OBJECT('street', CONCAT('Strada Florilor ', customer % 200), 'city', 'Cluj-Napoca',
        'county', 'RO-CJ', 'postalCode', '400114', 'country', 'RO'),
    'courier', 'card',
    CASE WHEN made > UTC_TIMESTAMP() - INTERVAL 5 DAY
        THEN ELT(1 + FLOOR(u3 * 6), 'awaiting_payment', 'confirmed', 'confirmed', 'in_fulfilment',
            'shipped', 'stock_review')
        WHEN u3 < 0.87 THEN 'delivered' WHEN u3 < 0.92 THEN 'cancelled' WHEN u3 < 0.97 THEN 'expired'
        WHEN u3 < 0.99 THEN 'returned' WHEN u3 < 0.995 THEN 'shipped' WHEN u3 < 0.997 THEN 'rejected'
        WHEN u3 < 0.999 THEN 'confirmed' ELSE 'payment_review' END,
    CASE WHEN u3 >= 0.87 AND u3 < 0.97 THEN IF(u4 < 0.8, 'failed', 'cancelled')
        WHEN u4 < 0.8 THEN 'paid' WHEN u4 < 0.93 THEN 'due_on_delivery'
        WHEN u4 < 0.95 THEN 'partially_refunded' WHEN u4 < 0.98 THEN 'refunded'
        WHEN u4 < 0.99 THEN 'none_required' WHEN u4 < 0.993 THEN 'disputed'
        WHEN u4 < 0.995 THEN 'requires_payment_method' WHEN u4 < 0.997 THEN 'processing'
        WHEN u4 < 0.998 THEN 'overpaid' WHEN u4 < 0.999 THEN 'authorized' ELSE 'unknown' END,
    'RON', 10000 + seq % 50000, 1990, 11990 + seq % 50000, 1 + seq % 7, made, made, made
FROM bench_made
JOIN bench_given g ON g.id = FLOOR(@given * POW(u1, 2))
JOIN bench_family f ON f.id = FLOOR(@family * POW(u2, 3))
ORDER BY seq;
INSERT INTO payments (public_id, order_id, provider_intent_id, capture_method, status, amount_minor,
    currency, created_at, updated_at)
SELECT CONCAT('pay_', seq), seq, CONCAT('pi_3Q', LEFT(MD5(seq), 22)), 'automatic', 'failed', 100,
    'RON', made, made
FROM bench_made ORDER BY seq;
INSERT INTO order_name_words (word, placed_at, order_id, name_bits, email_key, phone_key)
SELECT word, created_at, id,
    BIT_OR(1 << (CRC32(WEIGHT_STRING(LEFT(word, 3))) & 63)) OVER (PARTITION BY id), email_key, phone_key
FROM (SELECT DISTINCT LEFT(w.word, 32) AS word, o.created_at, o.id,
        CRC32(WEIGHT_STRING(CONVERT(o.email USING utf8mb4) COLLATE utf8mb4_uca1400_ai_ci)) AS email_key,
        CRC32(o.phone_digits) AS phone_key
    FROM orders o JOIN JSON_TABLE(
        CONCAT('["', REPLACE(TRIM(o.name_words), ' ', '","'), '"]'), '$[*]' COLUMNS (
            word VARCHAR(204) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci PATH '$')) AS w
    WHERE o.id BETWEEN {{first}} AND {{last}} AND w.word <> '') AS words
ORDER BY 1, 2, 3;
INSERT INTO order_name_pairs (pair, placed_at, order_id, prefix_bits)
SELECT {PAIR} AS pair, a.placed_at, a.order_id, BIT_OR({PREFIX_BITS})
FROM order_name_words a JOIN order_name_words b ON b.order_id = a.order_id JOIN {LETTERS}
WHERE a.order_id BETWEEN {{first}} AND {{last}} AND {IS_PAIR}
GROUP BY pair, a.placed_at, a.order_id ORDER BY 1, 2, 3;
"""
