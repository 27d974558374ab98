import pytest
import stripe


def test_create_confirm_and_retrieve():
    intent = stripe.PaymentIntent.create(
        amount=19990,
        currency="ron",
        metadata={"order_id": "17"},
        automatic_payment_methods={"enabled": True},
    )
    assert intent.status == "requires_payment_method"
    assert intent.metadata["order_id"] == "17"
    paid = stripe.PaymentIntent.confirm(intent.id, payment_method="pm_card_visa")
    assert paid.status == "succeeded"
    assert paid.amount_received == 19990
    again = stripe.PaymentIntent.retrieve(intent.id, expand=["latest_charge"])
    assert again.latest_charge.outcome.type == "authorized"
    assert again.latest_charge.paid
    assert stripe.Charge.retrieve(again.latest_charge.id).amount == 19990


def test_allowed_payment_method_types_are_shown():
    intent = stripe.PaymentIntent.create(
        amount=5000, currency="ron", allowed_payment_method_types=["card"]
    )
    assert intent.payment_method_types == ["card"]


def test_payment_method_types_is_refused():
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stripe.PaymentIntent.create(amount=5000, currency="ron", payment_method_types=["card"])
    assert refused.value.code == "payment_method_types_no_longer_supported"


@pytest.mark.parametrize(
    "method, code, decline_code",
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_radarBlock", "card_declined", "fraudulent"),
    ],
)
def test_decline_then_another_card(method, code, decline_code):
    intent = stripe.PaymentIntent.create(amount=5000, currency="ron")
    with pytest.raises(stripe.CardError) as declined:
        stripe.PaymentIntent.confirm(intent.id, payment_method=method)
    assert declined.value.http_status == 402
    assert declined.value.code == code
    assert declined.value.error.decline_code == decline_code
    assert declined.value.error.payment_intent.id == intent.id
    after = stripe.PaymentIntent.retrieve(intent.id)
    assert after.status == "requires_payment_method"
    assert after.last_payment_error.decline_code == decline_code
    charges = stripe.Charge.list(payment_intent=intent.id)
    assert [charge.status for charge in charges.data] == ["failed"]
    paid = stripe.PaymentIntent.confirm(intent.id, payment_method="pm_card_visa")
    assert paid.status == "succeeded"


def test_three_d_secure(sim):
    intent = stripe.PaymentIntent.create(amount=5000, currency="ron")
    waiting = stripe.PaymentIntent.confirm(
        intent.id,
        payment_method="pm_card_authenticationRequired",
        return_url="https://shop.example/done",
    )
    assert waiting.status == "requires_action"
    assert waiting.next_action.redirect_to_url.url.endswith("/_3ds/" + intent.id)
    sim.call("POST", "/_3ds/" + intent.id, {"outcome": "fail"})
    failed = stripe.PaymentIntent.retrieve(intent.id)
    assert failed.status == "requires_payment_method"
    assert failed.last_payment_error.code == "payment_intent_authentication_failure"
    stripe.PaymentIntent.confirm(intent.id, payment_method="pm_card_authenticationRequired")
    sim.call("POST", "/_3ds/" + intent.id, {"outcome": "succeed"})
    assert stripe.PaymentIntent.retrieve(intent.id).status == "succeeded"


def test_cancel():
    intent = stripe.PaymentIntent.create(amount=5000, currency="ron")
    cancelled = stripe.PaymentIntent.cancel(intent.id, cancellation_reason="abandoned")
    assert cancelled.status == "canceled"
    assert cancelled.cancellation_reason == "abandoned"
    assert cancelled.canceled_at
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stripe.PaymentIntent.confirm(intent.id, payment_method="pm_card_visa")
    assert refused.value.code == "payment_intent_unexpected_state"


def test_manual_capture(pay):
    intent = pay(capture_method="manual")
    assert intent.status == "requires_capture"
    assert intent.amount_capturable == 5000
    captured = stripe.PaymentIntent.capture(intent.id, amount_to_capture=4000)
    assert captured.status == "succeeded"
    assert captured.amount_received == 4000
    with pytest.raises(stripe.InvalidRequestError):
        stripe.PaymentIntent.cancel(intent.id)


def test_update():
    intent = stripe.PaymentIntent.create(
        amount=5000, currency="ron", metadata={"a": "1", "b": "2"}
    )
    changed = stripe.PaymentIntent.modify(intent.id, amount=6000, metadata={"a": "", "c": "3"})
    assert changed.amount == 6000
    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}


def test_amount_too_small():
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stripe.PaymentIntent.create(amount=199, currency="ron")
    assert refused.value.code == "amount_too_small"
    assert refused.value.param == "amount"


def test_wrong_key():
    with pytest.raises(stripe.AuthenticationError):
        stripe.PaymentIntent.create(amount=5000, currency="ron", api_key="sk_test_wrong")


def test_unknown_intent():
    with pytest.raises(stripe.InvalidRequestError) as missing:
        stripe.PaymentIntent.retrieve("pi_none")
    assert missing.value.http_status == 404
    assert missing.value.code == "resource_missing"


def test_pagination():
    made = [stripe.PaymentIntent.create(amount=5000, currency="ron").id for _ in range(25)]
    listed = [intent.id for intent in stripe.PaymentIntent.list(limit=10).auto_paging_iter()]
    assert listed == made[::-1]
    page = stripe.PaymentIntent.list(limit=10, ending_before=made[12])
    assert [intent.id for intent in page.data] == made[13:23][::-1]
    assert page.has_more


def test_search_by_metadata():
    stripe.PaymentIntent.create(amount=5000, currency="ron", metadata={"order_id": "16"})
    wanted = stripe.PaymentIntent.create(
        amount=5000, currency="ron", metadata={"order_id": "a:17"}
    )
    query = "metadata['order_id']:'a:17' AND status:'requires_payment_method'"
    found = stripe.PaymentIntent.search(query=query).data
    assert [intent.id for intent in found] == [wanted.id]


def test_browser_confirms_with_the_client_secret():
    intent = stripe.PaymentIntent.create(amount=5000, currency="ron", metadata={"a": "1"})
    paid = stripe.PaymentIntent.confirm(
        intent.id,
        payment_method="pm_card_visa",
        api_key="pk_test_sim",
        client_secret=intent.client_secret,
    )
    assert paid.status == "succeeded"
    assert "metadata" not in paid
    with pytest.raises(stripe.AuthenticationError):
        stripe.PaymentIntent.cancel(intent.id, api_key="pk_test_sim")


@pytest.mark.parametrize(
    "method, risk_level, kind, country",
    [
        ("pm_card_visa", "normal", "authorized", "RO"),
        ("pm_card_fr", "normal", "authorized", "FR"),
        ("pm_card_riskLevelElevated", "elevated", "manual_review", "RO"),
    ],
)
def test_a_charge_tells_its_risk_and_its_card(method, risk_level, kind, country):
    made = stripe.PaymentIntent.create(amount=5000, currency="ron")
    stripe.PaymentIntent.confirm(made.id, payment_method=method)
    charge = stripe.PaymentIntent.retrieve(made.id, expand=["latest_charge"]).latest_charge
    assert (charge.outcome.risk_level, charge.outcome.type) == (risk_level, kind)
    assert 0 <= charge.outcome.risk_score <= 100
    assert charge.payment_method_details.card.country == country


@pytest.mark.parametrize("method", ["pm_card_riskLevelHighest", "pm_card_radarBlock"])
def test_the_highest_risk_is_blocked(method):
    made = stripe.PaymentIntent.create(amount=5000, currency="ron")
    with pytest.raises(stripe.CardError):
        stripe.PaymentIntent.confirm(made.id, payment_method=method)
    charge = stripe.PaymentIntent.retrieve(made.id, expand=["latest_charge"]).latest_charge
    assert (charge.outcome.risk_level, charge.outcome.type) == ("highest", "blocked")


def test_a_card_has_one_fingerprint():
    def fingerprint(method):
        made = stripe.PaymentIntent.create(amount=5000, currency="ron")
        paid = stripe.PaymentIntent.confirm(
            made.id, payment_method=method, expand=["latest_charge"]
        )
        return paid.latest_charge.payment_method_details.card.fingerprint

    first = fingerprint("pm_card_visa")
    assert first == fingerprint("pm_card_visa") != fingerprint("pm_card_mastercard")


def test_a_declined_card_is_known_by_its_fingerprint():
    made = stripe.PaymentIntent.create(amount=5000, currency="ron")
    with pytest.raises(stripe.CardError):
        stripe.PaymentIntent.confirm(made.id, payment_method="pm_card_chargeDeclined")
    read = stripe.PaymentIntent.retrieve(made.id, expand=["latest_charge"])
    card = read.latest_charge.payment_method_details.card
    assert read.last_payment_error.payment_method.card.fingerprint == card.fingerprint
