"""Invoices and credit notes that are made in SQL, many at once, for consumers and companies.

They are of the orders of `made_orders`, one each; a tenth are credit notes. Of companies there is a third;
one in fifty of their invoices is of the same five, who buy all the time. The documents have the
form of real ones, and are all alike but for names and numbers.
"""
from bench.made_orders import IS_PAIR, LETTERS, PAIR, PREFIX_BITS

STATES = ("rejected", "queued", "uploading", "unknown", "processing", "ok", "nok", "refused")
LINES = 4

# Company names as they are: a word or two, a trade, and the form, which is in every third name.
TRADES = """
Construct Trans Comerț Impex Serv Agro Instal Electric Design Consulting Logistic Mobila Textil Auto
Media Software Medical Dent Farm Food Market Invest Imobiliare Tehnic Metal Lemn Plast Chim Grup Prod
""".split()
FORMS = ("SRL", "S.R.L.", "SA", "PFA", "Î.I.", "SRL-D")


def _rows(names):
    return ", ".join(f"({number}, '{name}')" for number, name in enumerate(names))


def _cui(body):
    """The expression of a CUI whose check digit is right, of a body of eight digits."""
    digits = [f"({body} DIV {10 ** place} % 10)" for place in range(7, -1, -1)]
    terms = " + ".join(f"{weight} * {digit}" for weight, digit in zip((5, 3, 2, 1, 7, 5, 3, 2), digits))
    return f"CONCAT({body}, ({terms}) * 10 % 11 % 10)"


_LINE = """{"position":1,"sku":"CANA-ALBA","name":"Cană albă, țărănească, cu toartă","quantity":3,
"unitCode":"H87","net":{"amount":12394,"currency":"RON"},"gross":{"amount":14997,"currency":"RON"},
"vatRate":21}""".replace("\n", "")
_ADDRESS = """{"name":null,"street":"Strada Florilor 7","city":"Cluj-Napoca","county":"RO-CJ",
"postalCode":"400114","country":"RO"}""".replace("\n", "")
_MONEY = """{"amount":12394,"currency":"RON"}"""
_SUMS = ("lines", "allowances", "charges", "net", "vat", "gross", "prepaid", "payable")


def _party(name):
    return f"""{{"name":"{name}","vatId":"RO90123459","cui":null,"cnp":null,
"tradeRegister":"J12/1234/2015","legalText":null,"address":{_ADDRESS},"contactName":null,"phone":null,
"email":null}}""".replace("\n", "")


# What varies stands between at signs.
DOCUMENT = f"""{{"version":1,"kind":"invoice","number":"@number@","issueDate":"@day@","dueDate":null,
"paymentTerms":"Card","deliveryDate":null,"currency":"RON","notes":[],"orderNumber":"@order@",
"preceding":null,"seller":{_party("Magazin Exemplu SRL")},"buyer":{_party("@buyer@")},"deliverTo":null,
"paymentMeans":{{"code":"48","text":"Card","iban":null,"accountName":null}},
"lines":[{",".join([_LINE] * LINES)}],"adjustments":[],
"vat":[{{"rate":21,"base":{_MONEY},"vat":{_MONEY}}}],
"totals":{{{",".join(f'"{name}":{_MONEY}' for name in _SUMS)}}}}}""".replace("\n", "")

COMPANIES = f"""
CREATE TABLE bench_trades (id INT PRIMARY KEY, name VARCHAR(32) NOT NULL);
CREATE TABLE bench_forms (id INT PRIMARY KEY, name VARCHAR(32) NOT NULL);
INSERT INTO bench_trades VALUES {_rows(TRADES)};
INSERT INTO bench_forms VALUES {_rows(FORMS)};
INSERT INTO invoice_series (series, kind) VALUES ('BEN', 'invoice'), ('BENS', 'credit_note');
"""

# The rare states are of all times, the queue is of the last days. A credit note credits the document
# before it, whatever that is: the search does not look.
FILL = f"""
SET @count = {{count}}, @trades = {len(TRADES)}, @forms = {len(FORMS)};
SET SESSION foreign_key_checks = 0, unique_checks = 0;
-- What is read of a table is not locked: the worker reads it as well.
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
CREATE OR REPLACE TEMPORARY TABLE bench_documents
SELECT o.id, o.number AS order_number, o.contact_name, o.created_at AS made, o.total_minor AS gross,
    o.id % 10 = 0 AS is_credit, CRC32(CONCAT(o.id, 't')) / 4294967296e0 AS u1,
    IF(o.id % 3 = 0, IF(o.id % 150 = 0, 10000000 + o.id DIV 150 % 5,
        10000005 + FLOOR(@count / 9 * POW(CRC32(CONCAT(o.id, 'c')) / 4294967296e0, 1.5))), NULL) AS company
FROM orders o WHERE o.id BETWEEN {{first}} AND {{last}};
INSERT INTO invoices (id, public_id, cause_key, kind, order_id, credited_id, series, ordinal, number,
    state, issue_date, deadline, order_number, buyer_name, buyer_cui, currency, net_minor, vat_minor,
    gross_minor, document, xml, xml_sha256, document_sha256, faults, created_at, updated_at, issued_at)
SELECT id, CONCAT('inv_', id), CONCAT('order:', id), IF(is_credit, 'credit_note', 'invoice'), id,
    IF(is_credit, id - 1, NULL), IF(is_rejected, NULL, series), IF(is_rejected, NULL, id),
    IF(is_rejected, NULL, number), state, IF(is_rejected, NULL, DATE(made)),
    IF(is_rejected, NULL, DATE(made) + INTERVAL 7 DAY), order_number, buyer, cui, 'RON',
    gross - gross * 21 DIV 121, gross * 21 DIV 121, gross,
    REPLACE(REPLACE(REPLACE(REPLACE('{DOCUMENT}', '@number@', number), '@day@', DATE(made)),
        '@order@', CONVERT(order_number USING utf8mb4)), '@buyer@', buyer),
    IF(is_rejected, NULL, REPEAT('<Invoice/>', 200)), IF(is_rejected, NULL, REPEAT('x', 32)),
    IF(is_rejected, NULL, REPEAT('x', 32)),
    IF(is_rejected, '[]', NULL), made, made, IF(is_rejected, NULL, made)
FROM (SELECT d.*, state = 'rejected' AS is_rejected, IF(is_credit, 'BENS', 'BEN') AS series,
        CONCAT(IF(is_credit, 'BENS', 'BEN'), LPAD(d.id, 7, '0')) AS number,
        IF(company IS NULL, NULL, {_cui('company')}) AS cui,
        IF(company IS NULL, contact_name, CONCAT(f.name, ' ', t.name, ' ', m.name)) AS buyer
    FROM (SELECT b.*, CASE WHEN made > UTC_TIMESTAMP() - INTERVAL 5 DAY
            THEN ELT(1 + FLOOR(u1 * 6), 'queued', 'ok', 'uploading', 'processing', 'unknown', 'ok')
            WHEN u1 < 0.99 THEN 'ok' WHEN u1 < 0.995 THEN 'nok' WHEN u1 < 0.997 THEN 'refused'
            WHEN u1 < 0.998 THEN 'rejected' WHEN u1 < 0.999 THEN 'unknown' ELSE 'queued' END AS state
        FROM bench_documents b) AS d
    LEFT JOIN bench_family f ON f.id = d.company % (SELECT COUNT(*) FROM bench_family)
    LEFT JOIN bench_trades t ON t.id = FLOOR(@trades * POW(CRC32(CONCAT(d.company, 't')) / 4294967296e0, 2))
    LEFT JOIN bench_forms m ON m.id = FLOOR(@forms * POW(CRC32(CONCAT(d.company, 'm')) / 4294967296e0, 3))
    ) AS named
ORDER BY id;
INSERT INTO invoice_submissions (invoice_id, attempt, channel, state, upload_index, created_at, updated_at,
    uploaded_at, finished_at)
SELECT id, 1, IF(buyer_cui IS NULL, 'b2c', 'b2b'), state, IF(state IN ('ok', 'nok'), 5000000000 + id, NULL),
    created_at, created_at, IF(state IN ('ok', 'nok'), created_at, NULL),
    IF(state IN ('ok', 'nok'), created_at, NULL)
FROM invoices WHERE id BETWEEN {{first}} AND {{last}} AND state <> 'rejected' ORDER BY id;
INSERT INTO invoice_name_words (word, dated_on, invoice_id, name_bits)
SELECT word, dated_on, id, BIT_OR(1 << (CRC32(WEIGHT_STRING(LEFT(word, 3))) & 63)) OVER (PARTITION BY id)
FROM (SELECT DISTINCT LEFT(w.word, 32) AS word, i.dated_on, i.id
    FROM invoices i JOIN JSON_TABLE(
        CONCAT('["', REPLACE(TRIM(i.buyer_words), ' ', '","'), '"]'), '$[*]' COLUMNS (
            word VARCHAR(304) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci PATH '$')) AS w
    WHERE i.id BETWEEN {{first}} AND {{last}} AND w.word <> '') AS words
ORDER BY 1, 2, 3;
INSERT INTO invoice_name_pairs (pair, dated_on, invoice_id, prefix_bits)
SELECT {PAIR} AS pair, a.dated_on, a.invoice_id, BIT_OR({PREFIX_BITS})
FROM invoice_name_words a JOIN invoice_name_words b ON b.invoice_id = a.invoice_id JOIN {LETTERS}
WHERE a.invoice_id BETWEEN {{first}} AND {{last}} AND {IS_PAIR}
GROUP BY pair, a.dated_on, a.invoice_id ORDER BY 1, 2, 3;
"""
