import Web

/// The scoring service: one score for whatever it is asked about, until another is set.
extension World {
    /// `POST /scoring/assess`: `{score, reference}`.
    func assess(_ bytes: [UInt8]) throws -> Response {
        let body = try JSON(object: bytes)
        guard let reference = body["reference"]?.string, body["inputs"]?.members != nil else {
            throw Problem(.badRequest, "invalid_request", "A reference and inputs are needed.")
        }
        let answer: JSON = ["reference": .string(reference), "score": .integer(fraudScore)]
        return .json(.ok, answer.serialized())
    }

    /// `PUT /scoring`: `{score}`.
    mutating func setScore(_ bytes: [UInt8]) throws -> Response {
        let body = try BodyReader(bytes)
        let score = body.integer("score", in: 0...100, required: true)
        try body.finish()
        fraudScore = score ?? 0
        let answer: JSON = ["score": .integer(fraudScore)]
        return .json(.ok, answer.serialized())
    }
}
