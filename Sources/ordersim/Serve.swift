import ArgumentParser
import Curl
import FastCGI
import FoundationEssentials
import OrderSimulation
import Resilience

/// Runs the stand-ins behind a web server.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve requests until SIGTERM or SIGINT.",
        discussion: """
            ENVIRONMENT:
              SIM_LISTEN             where the web server finds this program by FastCGI:
                                     unix:/path or host:port (required)
              SIM_STRIPE_SECRET_KEY  the secret key that is accepted (default sk_test_sim)
              SIM_WEBHOOK_URL        where Stripe's events are posted (default: nowhere)
              SIM_WEBHOOK_SECRET     signs them (default whsec_sim)
              SIM_SEED               repeats ids and probabilities (default: other ones each time)

            A fault that drops the connection sends a broken head. nginx makes that a 502; with \
            `error_page 502 = @closed; location @closed { return 444; }` the client sees its \
            connection end instead.
            """
    )

    private static let webhookTimeout = Duration.seconds(10)
    private static let grace = Duration.seconds(5)

    func run() throws {
        Signals.block()
        let environment = ProcessInfo.processInfo.environment
        guard let address = environment["SIM_LISTEN"].flatMap({ ListenAddress($0) }) else {
            throw ValidationError("SIM_LISTEN must be unix:/path or host:port.")
        }
        let simulation = Simulation(Self.configuration(environment), send: Self.makeSender())
        let server = try Server(
            ServerConfiguration(listeners: [address], workers: 4),
            application: simulation
        )
        try server.start()
        simulation.startDelivering()
        print("ordersim serves on \(address)")
        while Signals.wait() == .hangUp { continue }
        simulation.stopDelivering()
        _ = server.stop(grace: Self.grace)
    }

    private static func configuration(
        _ environment: [String: String]
    ) -> Simulation.Configuration {
        var configuration = Simulation.Configuration(
            now: { Int64(Date().timeIntervalSince1970 * 1_000) }
        )
        if let key = environment["SIM_STRIPE_SECRET_KEY"], !key.isEmpty {
            configuration.stripeSecretKey = key
        }
        if let secret = environment["SIM_WEBHOOK_SECRET"], !secret.isEmpty {
            configuration.webhookSecret = secret
        }
        if let url = environment["SIM_WEBHOOK_URL"], !url.isEmpty {
            configuration.webhookURL = url
        }
        configuration.seed = environment["SIM_SEED"].flatMap { UInt64($0) }
        return configuration
    }

    /// Posts webhooks; what is not answered with 2xx in time has failed.
    private static func makeSender() -> WebhookMailbox.Send {
        let client = HTTPClient(HTTPClientConfiguration(userAgent: "Stripe/1.0 (ordersim)"))
        return { message in
            let request = HTTPRequest(
                method: .post,
                url: message.url,
                headers: [
                    "Content-Type": "application/json; charset=utf-8",
                    "Stripe-Signature": message.signature,
                ],
                body: message.body
            )
            let outcome = client.perform(request, until: .after(webhookTimeout))
            guard case .executed(let answer) = outcome else { return false }
            return (200...299).contains(answer.status)
        }
    }
}
