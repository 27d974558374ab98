import Curl
import Resilience

extension HTTPRequest {
    static func get(_ url: String) -> HTTPRequest {
        HTTPRequest(method: .get, url: url, connectTimeout: .seconds(10))
    }

    static func post(_ url: String, key: String?) -> HTTPRequest {
        var request = HTTPRequest(
            method: .post,
            url: url,
            body: [UInt8]("amount=1".utf8),
            connectTimeout: .seconds(10)
        )
        request.headers["Idempotency-Key"] = key
        return request
    }
}

extension HTTPClientConfiguration {
    static func test(
        poolSize: Int = 1,
        poolWait: Duration = .milliseconds(1),
        maximumAnswerSize: Int = 1_048_576
    ) -> HTTPClientConfiguration {
        HTTPClientConfiguration(
            userAgent: "order-service-tests",
            poolSize: poolSize,
            poolWait: poolWait,
            maximumAnswerSize: maximumAnswerSize
        )
    }
}

extension Outcome {
    var answer: Answer? {
        if case .executed(let answer) = self { answer } else { nil }
    }

    /// The cause, if it is certain that nothing was sent.
    var refusal: Cause? {
        if case .notExecuted(let cause) = self { cause } else { nil }
    }

    /// The cause, if something may have been sent.
    var doubt: Cause? {
        if case .unknown(let cause) = self { cause } else { nil }
    }
}

extension HTTPClientError {
    var word: String { label.description }
}
