/// A whole answer to a request, whatever its status says.
package struct HTTPAnswer: Sendable, Equatable {
    package var status: Int
    package var headers: HTTPHeaders
    package var body: [UInt8]

    /// From the start of the request, with connecting, to the last byte.
    package var duration: Duration

    package init(
        status: Int,
        headers: HTTPHeaders = [:],
        body: [UInt8] = [],
        duration: Duration = .zero
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.duration = duration
    }
}
