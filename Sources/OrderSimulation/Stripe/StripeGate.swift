import Web

/// What stands before Stripe's endpoints: keys, versions, the idempotency layer.
struct StripeGate {
    /// A request that has been let in.
    struct Ticket {
        let endpoint: StripeEndpoint
        let id: String
        let form: StripeForm
        let call: StripeAccount.Call
        let isPublic: Bool
        /// The key that this request holds in the idempotency table.
        let key: String?
        let version: String
    }

    enum Admission {
        case answer(Response)
        case execute(Ticket)
    }

    private static let firstWithoutTypes = "2026-09-30"

    let secretKey: String

    /// Lets a request in, or answers it without touching anything.
    func admit(
        _ request: Request,
        path: String,
        now: Instant,
        requestID: String,
        _ account: inout StripeAccount
    ) -> Admission {
        let version = request.header("Stripe-Version") ?? Event.apiVersion
        let admission: Admission
        do throws(StripeError) {
            admission = try check(request, path, version, now, requestID, &account)
        } catch {
            admission = .answer(error.response)
        }
        guard case .answer(let response) = admission else { return admission }
        return .answer(Self.dressed(response, request, version, requestID))
    }

    private func check(
        _ request: Request,
        _ path: String,
        _ version: String,
        _ now: Instant,
        _ requestID: String,
        _ account: inout StripeAccount
    ) throws(StripeError) -> Admission {
        let form = StripeForm(
            request.method == .post ? Query(request.body[...]) : request.query
        )
        guard
            case .found(let endpoint, let captures) =
                StripeEndpoint.router.match(request.method, Array(path.utf8)[...])
        else {
            let shown = path.dropFirst("/stripe".count)
            throw StripeError(
                .notFound,
                "Unrecognized request URL (\(request.method.rawValue): \(shown)).",
                isStored: false
            )
        }
        let isPublic = try authenticate(request, form, endpoint)
        let date = version.prefix(10)
        guard date.count == 10, date.allSatisfy({ $0.isNumber || $0 == "-" }) else {
            throw StripeError(
                .badRequest,
                "Invalid Stripe API version: \(version)",
                isStored: false
            )
        }
        if request.method == .post, form.contains("payment_method_types"),
            date >= Self.firstWithoutTypes
        {
            throw .invalidParameter(
                "payment_method_types",
                code: "payment_method_types_no_longer_supported",
                """
                `payment_method_types` is no longer supported in this API version. Use dynamic \
                payment methods, or `allowed_payment_method_types`.
                """
            )
        }
        let key = request.method == .post ? request.text(.idempotencyKey) : nil
        if let key {
            guard key.count <= 255 else {
                throw StripeError(
                    .badRequest,
                    "Idempotency keys can have up to 255 characters.",
                    isStored: false
                )
            }
            let endpoint = String(path.dropFirst("/stripe".count))
            let binding = IdempotencyTable.Binding(
                endpoint: endpoint,
                parameters: form.fingerprint
            )
            switch account.idempotency.begin(key: key, binding: binding, now: now) {
            case .answer(let response): return .answer(response)
            case .execute: break
            }
        }
        let host = request.header("Host") ?? "127.0.0.1"
        let call = StripeAccount.Call(
            now: now,
            requestID: requestID,
            idempotencyKey: key,
            origin: (request.isSecure ? "https://" : "http://") + host
        )
        return .execute(
            Ticket(
                endpoint: endpoint,
                id: captures.text(0) ?? "",
                form: form,
                call: call,
                isPublic: isPublic,
                key: key,
                version: version
            )
        )
    }

    /// Checks the key of a Bearer or Basic header, or of the field `key`.
    ///
    /// - Returns: whether it is a publishable key.
    private func authenticate(
        _ request: Request,
        _ form: StripeForm,
        _ endpoint: StripeEndpoint
    ) throws(StripeError) -> Bool {
        guard let given = Self.key(request, form) else {
            throw StripeError(
                .unauthorized,
                """
                You did not provide an API key. You need to provide your API key in the \
                Authorization header, using Bearer auth (e.g. 'Authorization: Bearer \
                YOUR_SECRET_KEY').
                """,
                isStored: false
            )
        }
        if given == secretKey { return false }
        guard given.hasPrefix("pk_") else {
            throw StripeError(
                .unauthorized,
                "Invalid API Key provided: \(given.prefix(8))****",
                isStored: false
            )
        }
        guard endpoint.isPublic, form["client_secret"] != nil else {
            throw StripeError(
                .unauthorized,
                code: "secret_key_required",
                """
                This API call cannot be made with a publishable API key. Please use a secret API \
                key. You can find a list of your API keys at \
                https://dashboard.stripe.com/account/apikeys.
                """,
                isStored: false
            )
        }
        return true
    }

    private static func key(_ request: Request, _ form: StripeForm) -> String? {
        guard let header = request.text(.authorization) else { return form["key"] }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        switch parts[0].lowercased() {
        case "bearer": return parts[1].trimmingPrefix(" ").description
        case "basic":
            let text = Base64.decode(parts[1]).flatMap { String(validating: $0, as: UTF8.self) }
            return text.map { String($0.prefix { $0 != ":" }) }
        default: return nil
        }
    }

    /// Carries an admitted request out; the key stays in use until `finish`.
    func perform(_ ticket: Ticket, now: Instant, _ account: inout StripeAccount) -> Outcome {
        var call = ticket.call
        call.now = now
        do throws(StripeError) {
            let json = try account.perform(
                ticket.endpoint,
                ticket.id,
                ticket.form,
                call,
                isPublic: ticket.isPublic
            )
            return Outcome(response: .json(.ok, json.serialized()), isStored: true)
        } catch {
            return Outcome(response: error.response, isStored: error.isStored)
        }
    }

    struct Outcome {
        let response: Response
        let isStored: Bool
    }

    /// Ends an admitted request.
    ///
    /// - Returns: the answer with Stripe's header fields.
    func finish(
        _ ticket: Ticket,
        _ outcome: Outcome,
        _ request: Request,
        _ account: inout StripeAccount
    ) -> Response {
        if let key = ticket.key {
            account.idempotency.finish(
                key: key,
                storing: outcome.isStored ? outcome.response : nil
            )
        }
        return Self.dressed(
            outcome.response,
            request,
            ticket.version,
            ticket.call.requestID ?? ""
        )
    }

    static func dressed(
        _ response: Response,
        _ request: Request,
        _ version: String,
        _ requestID: String
    ) -> Response {
        var response = response.with("Request-Id", requestID).with("Stripe-Version", version)
        // A shop's page confirms from its own origin.
        response.add("Access-Control-Allow-Origin", "*")
        if let key = request.text(.idempotencyKey), request.method == .post {
            response.add("Idempotency-Key", key)
        }
        if response.status.rawValue >= 500, response.field("Idempotent-Replayed") != nil {
            response.add("Stripe-Should-Retry", "false")
        }
        return response
    }
}
