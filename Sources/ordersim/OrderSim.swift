import ArgumentParser

@main
struct OrderSim: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ordersim",
        abstract: "Stand-ins for Stripe, user-service and product-service.",
        discussion: """
            For development and tests only. All state is in memory. Behind nginx by FastCGI it \
            serves /stripe/v1/…, /users/…, /products, /reservations/… and, to steer it, /_faults, \
            /_state, /_reset, /_clock and /_webhooks.
            """,
        subcommands: [Serve.self]
    )
}
