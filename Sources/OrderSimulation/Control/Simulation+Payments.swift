import Web

extension Simulation {
    private enum Ending: String, CaseIterable {
        case succeed
        case fail
    }

    /// A page that stands for the bank's, for people who try the shop by hand.
    func challengePage(_ id: String) throws -> Response {
        let intent = try withWorld { world, _ in
            try world.account.intent(id)
        }
        let amount = StripeAccount.decimal(intent.amount) + " " + intent.currency.uppercased()
        let page = """
            <!doctype html><html lang="ro"><meta charset="utf-8"><title>3-D Secure (test)</title>
            <h1>Banca de test</h1><p>Confirmați plata de \(amount)?</p>
            <form method="post"><button name="outcome" value="succeed">Confirm</button>
            <button name="outcome" value="fail">Refuz</button></form></html>
            """
        return Response(
            .ok,
            readyLines: "Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n",
            body: Array(page.utf8)
        )
    }

    /// The payer answers the challenge: as JSON by a test, as a form by a person.
    func completeChallenge(_ id: String, _ request: Request) throws -> Response {
        let isForm = request.mediaType == "application/x-www-form-urlencoded"
        let ending: Ending?
        if isForm {
            ending = Query(request.body[...])["outcome"].flatMap(Ending.init)
        } else {
            ending = try Self.ending(request.body)
        }
        let intent = try withWorld { world, now in
            try world.account.completeChallenge(
                id,
                succeeded: ending == .succeed,
                StripeAccount.Call(now: now)
            )
        }
        guard isForm, let url = intent.returnURL else { return .ok(intent.json) }
        let query = "payment_intent=\(id)&payment_intent_client_secret=\(intent.clientSecret)"
        let location = url + (url.contains("?") ? "&" : "?") + query
        return Response(Status(rawValue: 303)).with("Location", location)
    }

    func completeProcessing(_ id: String, _ bytes: [UInt8]) throws -> Response {
        let ending = try Self.ending(bytes)
        let intent = try withWorld { world, now in
            try world.account.completeProcessing(
                id,
                succeeded: ending == .succeed,
                StripeAccount.Call(now: now)
            )
        }
        return .ok(intent.json)
    }

    private static func ending(_ bytes: [UInt8]) throws(Problem) -> Ending? {
        let body = try BodyReader(bytes)
        let ending = body.word("outcome", as: Ending.self, required: true)
        try body.finish()
        return ending
    }

    func settleRefund(_ id: String, _ bytes: [UInt8]) throws -> Response {
        let body = try BodyReader(bytes)
        let status = body.word("status", as: Refund.Status.self, required: true)
        let reason = body.string("failure_reason")
        try body.finish()
        let refund = try withWorld { world, now in
            guard let refund = world.account.refunds[id], let status else {
                throw StripeError.noSuch("refund", id, param: "id")
            }
            let call = StripeAccount.Call(now: now)
            return world.account.settle(refund, as: status, reason: reason, call)
        }
        return .ok(refund.json)
    }

    func createDispute(_ bytes: [UInt8]) throws -> Response {
        let body = try BodyReader(bytes)
        let id = body.string("payment_intent", required: true) ?? ""
        let reason = body.string("reason") ?? "fraudulent"
        let isInquiry = body.bool("inquiry") ?? false
        try body.finish()
        let dispute = try withWorld { world, now in
            let charge = try world.account.paidCharge(of: id)
            return world.account.dispute(
                charge,
                reason: reason,
                isInquiry: isInquiry,
                StripeAccount.Call(now: now)
            )
        }
        return .json(.created, dispute.json.serialized())
    }

    func settleDispute(_ id: String, _ bytes: [UInt8]) throws -> Response {
        let body = try BodyReader(bytes)
        let status = body.word("status", as: Dispute.Status.self, required: true)
        try body.finish()
        let dispute = try withWorld { world, now in
            let call = StripeAccount.Call(now: now)
            return try world.account.settleDispute(id, as: status ?? .needsResponse, call)
        }
        return .ok(dispute.json)
    }

    func warnOfFraud(_ bytes: [UInt8]) throws -> Response {
        let body = try BodyReader(bytes)
        let id = body.string("payment_intent", required: true) ?? ""
        try body.finish()
        let warning = try withWorld { world, now in
            let charge = try world.account.paidCharge(of: id)
            return world.account.warnOfFraud(charge, StripeAccount.Call(now: now))
        }
        return .json(.created, warning.json.serialized())
    }

    func closeReview(_ id: String, _ bytes: [UInt8]) throws -> Response {
        let body = try BodyReader(bytes)
        let reason = body.string("closed_reason") ?? "approved"
        try body.finish()
        let review = try withWorld { world, now in
            let call = StripeAccount.Call(now: now)
            return try world.account.closeReview(id, reason: reason, call)
        }
        return .ok(review.json)
    }
}

extension StripeAccount {
    /// The charge by which an intent was paid or authorized.
    func paidCharge(of id: String) throws(StripeError) -> Charge {
        let intent = try intent(id)
        guard let charge = intent.latestCharge.flatMap({ charges[$0] }),
            charge.status == .succeeded
        else {
            throw StripeError(.badRequest, "PaymentIntent \(id) has no successful charge.")
        }
        return charge
    }
}
