import Testing
import Web

@Suite("PaymentIntents")
struct PaymentIntentTests {
    private let shop = SimulatedShop()

    @Test("a new intent waits for a payment method and has the SDK's fields")
    func creates() throws {
        let form = "amount=5000&currency=ron&metadata[order_id]=17"
        let intent = try shop.stripe(.post, "payment_intents", form)
        #expect(intent.status == 200)
        #expect(intent["status"] == "requires_payment_method")
        #expect(intent["metadata"]["order_id"] == "17")
        #expect(intent["livemode"] == false)
        #expect(intent["client_secret"].string?.contains("_secret_") == true)
        #expect(try shop.eventTypes() == ["payment_intent.created"])
    }

    @Test("a confirmed intent is paid, with the events in Stripe's order")
    func confirms() throws {
        let id = try shop.intent()
        let form = "payment_method=pm_card_visa"
        let paid = try shop.stripe(.post, "payment_intents/\(id)/confirm", form)
        #expect(paid["status"] == "succeeded")
        #expect(paid["amount_received"] == 5_000)
        let charge = try #require(paid["latest_charge"].string)
        #expect(try shop.stripe(.get, "charges/\(charge)")["captured"] == true)
        #expect(
            try shop.eventTypes() == [
                "payment_intent.created", "charge.succeeded", "payment_intent.succeeded",
            ]
        )
    }

    @Test(
        "a declined card is a 402 with Stripe's codes, and leaves the intent payable",
        arguments: [
            ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
            ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
            ("pm_card_chargeDeclinedLostCard", "card_declined", "lost_card"),
            ("pm_card_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
            ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
            ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
            ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
            ("pm_card_radarBlock", "card_declined", "fraudulent"),
        ]
    )
    func declines(method: String, code: String, declineCode: String) throws {
        let id = try shop.intent()
        let path = "payment_intents/\(id)/confirm"
        let declined = try shop.stripe(.post, path, "payment_method=\(method)")
        #expect(declined.status == 402)
        #expect(declined.error["type"] == "card_error")
        #expect(declined.error["code"] == .string(code))
        #expect(declined.error["decline_code"] == .string(declineCode))
        #expect(declined.error["payment_intent"]?["status"] == "requires_payment_method")
        let charge = try #require(declined.error["charge"]?.string)
        #expect(try shop.stripe(.get, "charges/\(charge)")["status"] == "failed")
        #expect(
            try shop.eventTypes().suffix(2) == ["charge.failed", "payment_intent.payment_failed"]
        )
        #expect(
            try shop.stripe(.post, path, "payment_method=pm_card_visa")["status"] == "succeeded"
        )
    }

    @Test("raw test numbers work as their payment methods do")
    func takesNumbers() throws {
        let id = try shop.intent()
        let form = "payment_method_data[type]=card&payment_method_data[card][number]="
        let path = "payment_intents/\(id)/confirm"
        let declined = try shop.stripe(.post, path, form + "4000000000009995")
        #expect(declined.error["decline_code"] == "insufficient_funds")
        #expect(try shop.stripe(.post, path, form + "4242424242424242")["status"] == "succeeded")
    }

    @Test("3-D Secure waits for the payer, who succeeds or fails")
    func challenges() throws {
        let id = try shop.intent()
        let path = "payment_intents/\(id)/confirm"
        let form = "payment_method=pm_card_threeDSecure2Required"
        let waiting = try shop.stripe(.post, path, form)
        #expect(waiting["status"] == "requires_action")
        #expect(waiting["next_action"]["type"] == "use_stripe_sdk")
        let failed = try shop.send(.post, "/_3ds/\(id)", "{\"outcome\": \"fail\"}")
        #expect(failed["status"] == "requires_payment_method")
        #expect(
            failed["last_payment_error"]["code"] == "payment_intent_authentication_failure"
        )
        let again = try shop.stripe(.post, path, form + "&return_url=https://shop.example/done")
        #expect(again["next_action"]["type"] == "redirect_to_url")
        let paid = try shop.send(.post, "/_3ds/\(id)", "{\"outcome\": \"succeed\"}")
        #expect(paid["status"] == "succeeded")
        #expect(try shop.eventTypes().contains("payment_intent.requires_action"))
    }

    @Test("a charge without the payer cannot be authenticated")
    func declinesOffSession() throws {
        let form = """
            amount=5000&currency=ron&confirm=true&off_session=true\
            &payment_method=pm_card_authenticationRequired
            """
        let declined = try shop.stripe(.post, "payment_intents", form)
        #expect(declined.status == 402)
        #expect(declined.error["code"] == "authentication_required")
    }

    @Test("a browser confirms with the client secret and sees no metadata")
    func confirmsFromBrowser() throws {
        let created = try shop.stripe(
            .post,
            "payment_intents",
            "amount=5000&currency=ron&metadata[order_id]=17"
        )
        let id = try #require(created["id"].string)
        let secret = try #require(created["client_secret"].string)
        let target = "/stripe/v1/payment_intents/\(id)/confirm"
        let form = "key=pk_test_sim&payment_method=pm_card_visa&client_secret="
        #expect(try shop.send(.post, target, form + "wrong").status == 400)
        #expect(try shop.send(.post, "/stripe/v1/refunds", "key=pk_test_sim").status == 401)
        let paid = try shop.send(.post, target, form + secret)
        #expect(paid["status"] == "succeeded")
        #expect(paid.json["metadata"] == nil)
    }

    @Test("an intent that is over refuses every further move", arguments: ["confirm", "cancel"])
    func refusesMoves(verb: String) throws {
        let id = try shop.paid()
        let refused = try shop.stripe(.post, "payment_intents/\(id)/\(verb)")
        #expect(refused.status == 400)
        #expect(refused.error["code"] == "payment_intent_unexpected_state")
        #expect(refused.error["payment_intent"]?["id"] == .string(id))
    }

    @Test("a cancelled intent keeps the reason and cannot be paid")
    func cancels() throws {
        let id = try shop.intent()
        let cancelled = try shop.stripe(
            .post,
            "payment_intents/\(id)/cancel",
            "cancellation_reason=abandoned"
        )
        #expect(cancelled["status"] == "canceled")
        #expect(cancelled["cancellation_reason"] == "abandoned")
        let form = "payment_method=pm_card_visa"
        let refused = try shop.stripe(.post, "payment_intents/\(id)/confirm", form)
        #expect(refused.error["code"] == "payment_intent_unexpected_state")
    }

    @Test("manual capture holds the amount, then takes at most that")
    func captures() throws {
        let form = """
            amount=5000&currency=ron&capture_method=manual&confirm=true\
            &payment_method=pm_card_visa
            """
        let id = try shop.intent(form)
        let path = "payment_intents/\(id)/capture"
        #expect(try shop.stripe(.post, path, "amount_to_capture=5001").status == 400)
        let captured = try shop.stripe(.post, path, "amount_to_capture=3000")
        #expect(captured["status"] == "succeeded")
        #expect(captured["amount_received"] == 3_000)
        let refused = try shop.stripe(.post, "refunds", "payment_intent=\(id)&amount=3001")
        #expect(refused.status == 400)
        #expect(try shop.stripe(.post, path).error["code"] == "payment_intent_unexpected_state")
    }

    @Test("an authorization lapses after seven days")
    func lapses() throws {
        let form = """
            amount=5000&currency=ron&capture_method=manual&confirm=true\
            &payment_method=pm_card_visa
            """
        let id = try shop.intent(form)
        try shop.advance(seconds: 7 * 86_400)
        let intent = try shop.stripe(.get, "payment_intents/\(id)")
        #expect(intent["status"] == "canceled")
        #expect(intent["cancellation_reason"] == "automatic")
    }

    @Test("a bank debit is processing until it settles")
    func processes() throws {
        let id = try shop.paid("pm_usBankAccount_processing")
        #expect(try shop.stripe(.get, "payment_intents/\(id)")["status"] == "processing")
        #expect(try shop.stripe(.post, "payment_intents/\(id)/cancel").status == 400)
        let paid = try shop.send(.post, "/_processing/\(id)", "{\"outcome\": \"succeed\"}")
        #expect(paid["status"] == "succeeded")
    }

    @Test(
        "parameters are checked as Stripe does",
        arguments: [
            ("currency=ron", "parameter_missing", "amount"),
            ("amount=5000", "parameter_missing", "currency"),
            ("amount=12.5&currency=ron", "parameter_invalid_integer", "amount"),
            ("amount=199&currency=ron", "amount_too_small", "amount"),
            ("amount=5000&currency=ron&colour=red", "parameter_unknown", "colour"),
        ]
    )
    func checksParameters(form: String, code: String, param: String) throws {
        let refused = try shop.stripe(.post, "payment_intents", form)
        #expect(refused.status == 400)
        #expect(refused.error["type"] == "invalid_request_error")
        #expect(refused.error["code"] == .string(code))
        #expect(refused.error["param"] == .string(param))
    }

    @Test("payment_method_types is refused from 2026-09-30.endive on")
    func refusesMethodTypes() throws {
        let form = "amount=5000&currency=ron&payment_method_types[]=card"
        let refused = try shop.stripe(
            .post,
            "payment_intents",
            form,
            version: "2026-09-30.endive"
        )
        #expect(refused.error["code"] == "payment_method_types_no_longer_supported")
        let taken = try shop.stripe(
            .post,
            "payment_intents",
            form,
            version: "2025-03-31.basil"
        )
        #expect(taken.status == 200)
        #expect(taken.response.field("Stripe-Version") == "2025-03-31.basil")
    }

    @Test("elevated risk opens a review, and highest risk blocks")
    func reviews() throws {
        let id = try shop.paid("pm_card_riskLevelElevated")
        let intent = try shop.stripe(.get, "payment_intents/\(id)?expand[]=latest_charge")
        #expect(intent["latest_charge"]["outcome"]?["type"] == "manual_review")
        let review = try #require(intent["review"].string)
        #expect(try shop.stripe(.post, "reviews/\(review)/approve")["open"] == false)
        #expect(try shop.eventTypes().suffix(2) == ["review.opened", "review.closed"])
    }

    @Test("a wrong key is a 401")
    func refusesKeys() throws {
        let headers = [(name: "Authorization", value: "Bearer sk_test_other")]
        #expect(try shop.send(.get, "/stripe/v1/balance", headers: headers).status == 401)
        #expect(try shop.send(.get, "/stripe/v1/balance").status == 401)
        // "sk_test_sim:" as HTTP Basic.
        let basic = [(name: "Authorization", value: "Basic c2tfdGVzdF9zaW06")]
        #expect(try shop.send(.get, "/stripe/v1/balance", headers: basic).status == 200)
    }
}

extension JSON? {
    /// A member of a member that may not be there.
    subscript(_ name: String) -> JSON? {
        self.flatMap { $0[name] }
    }
}
