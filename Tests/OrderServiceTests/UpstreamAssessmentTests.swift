import Curl
import Resilience
import Testing
import Web

@testable import OrderService

@Suite("Assessment of answers") struct UpstreamAssessmentTests {
    private func answer(
        _ status: Int,
        _ headers: HTTPHeaders = [:],
        _ json: JSON = .null
    ) -> Outcome<UpstreamAnswer, UpstreamFailure> {
        .executed(UpstreamAnswer(status: status, headers: headers, json: json))
    }

    @Test("takes no answer for a failure worth a repetition") func noAnswer() {
        let failure = UpstreamFailure(.stripePayment, "timed_out")
        let expected = Assessment(.failure, retry: RetryAdvice(true))
        for assess in [UpstreamAssessment.assess, UpstreamAssessment.assessStripe] {
            #expect(assess(.notExecuted(failure)) == expected)
            #expect(assess(.unknown(failure)) == expected)
        }
    }

    @Test("takes refusals for a sign of health", arguments: [200, 201, 302, 400, 402, 404, 409])
    func refusals(status: Int) {
        #expect(UpstreamAssessment.assessStripe(answer(status)) == Assessment(.success))
        #expect(UpstreamAssessment.assess(answer(status)) == Assessment(.success))
    }

    @Test("ignores refused credentials", arguments: [401, 403]) func credentials(status: Int) {
        #expect(UpstreamAssessment.assessStripe(answer(status)) == Assessment(.ignored))
    }

    @Test("repeats a 5xx of the shop's own services, of Stripe only if it says so")
    func serverErrors() {
        let again = Assessment(.failure, retry: RetryAdvice(true))
        let never = Assessment(.failure, retry: RetryAdvice(false))
        #expect(UpstreamAssessment.assess(answer(503)) == again)
        #expect(UpstreamAssessment.assessStripe(answer(503)) == never)
        let says = answer(500, ["Stripe-Should-Retry": "true"])
        #expect(UpstreamAssessment.assessStripe(says) == again)
        #expect(UpstreamAssessment.assess(answer(500, ["Stripe-Should-Retry": "false"])) == again)
        let wait = Assessment(.failure, retry: RetryAdvice(true, after: .seconds(3)))
        #expect(UpstreamAssessment.assess(answer(503, ["Retry-After": "3"])) == wait)
        #expect(UpstreamAssessment.assess(answer(503, ["Retry-After": "-3"])) == again)
    }

    @Test("pauses for a 429, but for one whose object is only busy") func tooManyRequests() {
        let asked = UpstreamAssessment.assessStripe(answer(429, ["Retry-After": "7"]))
        #expect(asked == Assessment(.pause(.seconds(7))))
        #expect(UpstreamAssessment.assessStripe(answer(429)).result == .pause(.seconds(1)))
        let busy = answer(429, [:], ["error": ["code": "lock_timeout"]])
        #expect(
            UpstreamAssessment.assessStripe(busy)
                == Assessment(.success, retry: RetryAdvice(true))
        )
    }

    @Test("ignores what Stripe repeats of another time, and what failed on this side")
    func ignored() {
        let replayed = answer(500, ["Idempotent-Replayed": "true"])
        #expect(UpstreamAssessment.assessStripe(replayed) == Assessment(.ignored))
        for error in [HTTPClientError.poolExhausted, .deadlineExceeded, .malformedRequest("x")] {
            let failure = UpstreamFailure(.stripePayment, error)
            #expect(UpstreamAssessment.assessStripe(.notExecuted(failure)) == Assessment(.ignored))
            #expect(UpstreamAssessment.assess(.notExecuted(failure)) == Assessment(.ignored))
        }
        let refused = UpstreamFailure(.stripePayment, HTTPClientError.connectionFailed("x"))
        #expect(UpstreamAssessment.assessStripe(.notExecuted(refused)).result == .failure)
    }

    @Test("repeats a conflict only if Stripe says so") func conflicts() {
        let says = answer(409, ["Stripe-Should-Retry": "true"])
        let again = Assessment(.success, retry: RetryAdvice(true))
        #expect(UpstreamAssessment.assessStripe(says) == again)
        #expect(UpstreamAssessment.assess(says) == Assessment(.success))
        // That another request is not done yet says no good of Stripe and no ill; that our own is
        // not, which was given up, says that it hangs.
        for (followsDoubt, result) in [(false, CallResult.ignored), (true, .failure)] {
            let isInUse = UpstreamAnswer(
                status: 409,
                headers: [:],
                json: ["error": ["code": "idempotency_key_in_use"]],
                followsDoubt: followsDoubt
            )
            #expect(UpstreamAssessment.assessStripe(.executed(isInUse)) == Assessment(result))
        }
    }

    @Test("knows a refusal by its words, and by nothing else")
    func refusalsInWords() {
        func isRefusal(_ status: Int, _ json: JSON) -> Bool {
            UpstreamAnswer(status: status, headers: [:], json: json).isRefusal
        }
        #expect(isRefusal(404, ["code": "not_found"]))
        #expect(isRefusal(402, ["error": ["type": "card_error"]]))
        #expect(isRefusal(401, .null) && isRefusal(403, .null) && isRefusal(429, .null))
        #expect(!isRefusal(404, .null) && !isRefusal(404, []))
        #expect(!isRefusal(400, ["message": "blocked"]) && !isRefusal(404, ["error": "nope"]))
        #expect(!isRefusal(500, ["code": "x"]) && !isRefusal(200, ["code": "x"]))
    }
}
