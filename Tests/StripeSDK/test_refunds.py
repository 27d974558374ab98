import pytest
import stripe


def test_partial_then_rest(pay):
    intent = pay(5000)
    first = stripe.Refund.create(
        payment_intent=intent.id, amount=2000, metadata={"refund_id": "3"}
    )
    assert first.status == "succeeded"
    assert first.metadata["refund_id"] == "3"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stripe.Refund.create(payment_intent=intent.id, amount=3001)
    assert "greater than unrefunded amount" in str(refused.value)
    assert stripe.Refund.create(payment_intent=intent.id).amount == 3000
    with pytest.raises(stripe.InvalidRequestError) as over:
        stripe.Refund.create(payment_intent=intent.id)
    assert over.value.code == "charge_already_refunded"
    charge = stripe.Charge.retrieve(intent.latest_charge)
    assert charge.refunded and charge.amount_refunded == 5000
    assert len(stripe.Refund.list(payment_intent=intent.id).data) == 2


def test_unpaid_intent_has_nothing_to_refund():
    intent = stripe.PaymentIntent.create(amount=5000, currency="ron")
    with pytest.raises(stripe.InvalidRequestError):
        stripe.Refund.create(payment_intent=intent.id)


def test_refund_that_fails_later(pay, sim):
    intent = pay(method="pm_card_refundFail")
    refund = stripe.Refund.create(payment_intent=intent.id)
    assert refund.status == "succeeded"
    sim.advance(30)
    assert stripe.Refund.retrieve(refund.id).status == "failed"
    types = [event.type for event in stripe.Event.list(limit=3).data]
    assert types == ["refund.failed", "charge.refund.updated", "refund.updated"]
    # The money is there again.
    assert stripe.Refund.create(payment_intent=intent.id).amount == 5000


def test_refund_that_needs_action_can_be_cancelled(pay, sim):
    refund = stripe.Refund.create(payment_intent=pay().id)
    with pytest.raises(stripe.InvalidRequestError):
        stripe.Refund.cancel(refund.id)
    sim.call("POST", "/_refunds/" + refund.id, {"status": "requires_action"})
    assert stripe.Refund.cancel(refund.id).status == "canceled"


def test_disputed_charge_cannot_be_refunded(pay, sim):
    intent = pay()
    dispute = sim.call("POST", "/_disputes", {"payment_intent": intent.id})
    assert stripe.Dispute.retrieve(dispute["id"]).status == "needs_response"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stripe.Refund.create(payment_intent=intent.id)
    assert refused.value.code == "charge_disputed"
