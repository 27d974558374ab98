import pytest
import stripe

FORM = {"amount": 5000, "currency": "ron"}


def test_replay_gives_the_first_answer():
    first = stripe.PaymentIntent.create(**FORM, idempotency_key="k1")
    second = stripe.PaymentIntent.create(**FORM, idempotency_key="k1")
    assert second.id == first.id
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert second.last_response.body == first.last_response.body
    assert len(stripe.PaymentIntent.list().data) == 1


def test_other_parameters_and_other_endpoint():
    intent = stripe.PaymentIntent.create(**FORM, idempotency_key="k1")
    with pytest.raises(stripe.IdempotencyError) as mismatch:
        stripe.PaymentIntent.create(amount=5001, currency="ron", idempotency_key="k1")
    assert mismatch.value.http_status == 400
    with pytest.raises(stripe.IdempotencyError):
        stripe.PaymentIntent.cancel(intent.id, idempotency_key="k1")


def test_decline_is_stored():
    intent = stripe.PaymentIntent.create(**FORM)
    form = {"payment_method": "pm_card_chargeDeclined", "idempotency_key": "k1"}
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            stripe.PaymentIntent.confirm(intent.id, **form)
    assert len(stripe.Charge.list(payment_intent=intent.id).data) == 1


def test_parameter_error_is_not_stored():
    with pytest.raises(stripe.InvalidRequestError):
        stripe.PaymentIntent.create(amount=5000, idempotency_key="k1")
    assert stripe.PaymentIntent.create(**FORM, idempotency_key="k1").id


def test_key_is_forgotten_after_a_day(sim):
    first = stripe.PaymentIntent.create(**FORM, idempotency_key="k1")
    sim.advance(24 * 3600)
    assert stripe.PaymentIntent.create(**FORM, idempotency_key="k1").id != first.id


def test_stored_failure_is_replayed(sim):
    sim.fault("POST /stripe/v1/payment_intents", "status", status=500, stored=True, times=1)
    for _ in range(2):
        with pytest.raises(stripe.APIError) as failed:
            stripe.PaymentIntent.create(**FORM, idempotency_key="k1")
        assert failed.value.http_status == 500
    assert failed.value.headers["Stripe-Should-Retry"] == "false"
    assert stripe.PaymentIntent.list().data == []


def test_lost_answer_is_found_by_the_same_key(sim):
    sim.fault("POST /stripe/v1/payment_intents", "drop_after", times=1)
    with pytest.raises(stripe.StripeError) as lost:
        stripe.PaymentIntent.create(**FORM, idempotency_key="k1")
    assert isinstance(lost.value, (stripe.APIConnectionError, stripe.APIError))
    intent = stripe.PaymentIntent.create(**FORM, idempotency_key="k1")
    assert intent.last_response.headers["Idempotent-Replayed"] == "true"
    assert [listed.id for listed in stripe.PaymentIntent.list().data] == [intent.id]


def test_dropped_request_was_never_executed(sim):
    sim.fault("POST /stripe/v1/payment_intents", "drop_before", times=1)
    with pytest.raises(stripe.StripeError):
        stripe.PaymentIntent.create(**FORM, idempotency_key="k1")
    assert stripe.PaymentIntent.list().data == []


def test_twin_in_flight_is_a_conflict(sim):
    import threading

    sim.fault("POST /stripe/v1/payment_intents", "hold", times=1)
    answers = []
    create = lambda: answers.append(stripe.PaymentIntent.create(**FORM, idempotency_key="k1"))
    thread = threading.Thread(target=create)
    thread.start()
    while sim.call("GET", "/_faults")["held"] == 0:
        pass
    with pytest.raises(stripe.StripeError) as twin:
        stripe.PaymentIntent.create(**FORM, idempotency_key="k1")
    assert twin.value.http_status == 409
    assert twin.value.error.code == "idempotency_key_in_use"
    sim.end_faults()
    thread.join(timeout=30)
    assert len(answers) == 1
