extension Access {
    /// Who may use a route, as its `x-access` in the OpenAPI document says.
    ///
    /// * `open`: everybody, credentials are not looked at; `nobody`: who shows none
    /// * `session`: any session; a role: a session with it
    /// * `owner`: the customer whose order it is
    /// * `guest`: a guest of it; `guest:<scope>`: one whose token has the scope
    /// * `checkout`: the customer of a checkout session, or the bearer of its token
    var words: [String] {
        switch self {
        case .open: ["open"]
        case .customerOrNobody: ["nobody", "customer"]
        case .session([]): ["session"]
        case .session(let roles): roles.list.map(\.rawValue)
        case .order(let scope, let staff):
            ["owner"] + (scope.map { ["guest:\($0.rawValue)"] } ?? []) + staff.list.map(\.rawValue)
        case .guest(nil): ["guest"]
        case .guest(let scope?): ["guest:\(scope.rawValue)"]
        case .checkout: ["checkout"]
        }
    }
}
