// swift-tools-version: 6.2

import PackageDescription

/// Warnings are errors under `make lint` and `make test`.
///
/// Elsewhere they are not: a newer compiler may warn of more.
let warnings: [SwiftSetting] =
    Context.environment["WARNINGS_AS_ERRORS"] == nil ? [] : [.treatAllWarnings(as: .error)]

let strict: [SwiftSetting] =
    warnings + [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ]

/// A C library of the system, seen through `module.modulemap` and `shim.h`.
///
/// `pkgConfig` is for one whose header files lie in a folder of their own.
func cLibrary(_ name: String, debian package: String, pkgConfig: String? = nil) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([package])])
}

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(
    _ name: String,
    _ dependencies: [Target.Dependency],
    resources: [Resource] = []
) -> Target {
    .testTarget(
        name: name,
        dependencies: dependencies,
        resources: resources,
        swiftSettings: strict
    )
}

let argumentParser = Target.Dependency.product(
    name: "ArgumentParser",
    package: "swift-argument-parser"
)
let configuration = Target.Dependency.product(
    name: "Configuration",
    package: "swift-configuration"
)
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
    name: "order-service",
    products: [
        .executable(name: "orderd", targets: ["orderd"]),
        .executable(name: "ordersim", targets: ["ordersim"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        // For tests only: no program links it.
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        cLibrary("CFastCGI", debian: "libfcgi-dev"),
        cLibrary("CHiredis", debian: "libhiredis-dev"),
        cLibrary("CLinux", debian: "libc6-dev"),
        cLibrary("CMariaDB", debian: "libmariadb-dev"),
        cLibrary("CCurl", debian: "libcurl4-openssl-dev"),
        cLibrary("CCrypto", debian: "libssl-dev"),
        cLibrary("CLibXML2", debian: "libxml2-dev", pkgConfig: "libxml-2.0"),

        library("Web"),
        library("Resilience"),
        library("Commerce"),
        library("Observability", [logging]),
        library("FastCGI", ["CFastCGI", "CLinux", "Resilience", "Web"]),
        library("Redis", ["CHiredis", "Resilience"]),
        library("MariaDB", ["CMariaDB", "Resilience"]),
        library("Curl", ["CCurl", "Resilience"]),
        library("Signing", ["CCrypto"]),
        library("XML", ["CLibXML2"]),
        library("UBL", ["Commerce", "Web", "XML"]),
        library(
            "OrderService",
            [
                "Web", "Resilience", "Commerce", "Observability", "Redis", "MariaDB", "Curl",
                "Signing", "UBL", "XML", configuration, logging,
            ]
        ),
        library("OrderSimulation", ["Resilience", "Signing", "Web"]),
        program(
            "orderd",
            [
                "Commerce", "OrderService", "FastCGI", "MariaDB", "Observability", "Redis",
                "Resilience", "Signing", "Web", argumentParser, logging,
            ]
        ),
        program("ordersim", ["FastCGI", "Curl", "OrderSimulation", "Resilience", argumentParser]),
        tests("OrderSimulationTests", ["OrderSimulation", "Signing", "Web"]),

        .target(
            name: "OrderServiceTesting",
            dependencies: ["CLinux", "FastCGI", "MariaDB", "Resilience", "Web"],
            path: "Tests/OrderServiceTesting",
            swiftSettings: strict
        ),
        .target(
            name: "OrderServiceHarness",
            dependencies: [
                "CLinux", "MariaDB", "OrderService", "OrderServiceTesting", "OrderSimulation",
                "Redis", "Resilience", "Signing", "Web",
            ],
            path: "Tests/OrderServiceHarness",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "orderload",
            dependencies: ["OrderServiceTesting", "Web"],
            path: "Tests/Load/orderload",
            swiftSettings: strict
        ),
        tests("CurlTests", ["CLinux", "Curl", "Resilience", "OrderServiceTesting"]),
        tests("MariaDBTests", ["MariaDB", "OrderServiceTesting", "Resilience"]),
        tests("RedisTests", ["Redis", "Resilience", "OrderServiceTesting"]),
        .executableTarget(
            name: "faultload",
            dependencies: ["OrderServiceTesting", "Web"],
            path: "Tests/Load/faultload",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "paymentload",
            dependencies: ["OrderServiceTesting", "Web"],
            path: "Tests/Load/paymentload",
            swiftSettings: strict
        ),
        // Replaces malloc in order to count; for the benchmark alone.
        .target(name: "Allocations", path: "Tests/Load/allocations"),
        .executableTarget(
            name: "resilience-load",
            dependencies: ["Allocations", "Resilience"],
            path: "Tests/Load/resilience",
            swiftSettings: strict
        ),
        tests("SigningTests", ["Signing"]),
        tests("ObservabilityTests", ["Observability", logging]),
        tests(
            "OrderServiceTests",
            [
                "Commerce", "MariaDB", "Observability", "OrderService", "OrderServiceHarness",
                "OrderServiceTesting", "OrderSimulation", "Redis", "Resilience", "Signing", "Web",
                logging,
            ]
        ),
        tests(
            "OpenAPITests",
            ["Commerce", "OrderService", .product(name: "Yams", package: "Yams")]
        ),
        tests(
            "OrderdTests",
            [
                "FastCGI", "MariaDB", "OrderService", "OrderServiceHarness",
                "OrderServiceTesting", "Redis", "Resilience", "Signing", "Web",
            ]
        ),
        tests("WebTests", ["Web"]),
        tests("CommerceTests", ["Commerce"]),
        tests("XMLTests", ["XML"]),
        tests(
            "UBLTests",
            ["Commerce", "UBL", "XML"],
            resources: [.copy("Resources")]
        ),
        tests(
            "ResilienceTests",
            ["Resilience", "OrderServiceTesting"],
            resources: [.copy("Resources")]
        ),
        tests("FastCGITests", ["CLinux", "FastCGI", "OrderServiceTesting", "Web"]),
        tests(
            "EndToEndTests",
            ["FastCGI", "MariaDB", "OrderServiceTesting", "Redis", "Resilience", "Signing", "Web"]
        ),
    ]
)
