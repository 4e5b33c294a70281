// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "satchel",
    products: [
        .executable(name: "satchel", targets: ["satchel"]),
        .library(name: "SatchelKit", targets: ["SatchelKit"]),
    ],
    traits: [
        .trait(
            name: "LibInotifyTools",
            description: "Deliver file events through libinotifytools (GPL-2). Without it, raw inotify is used."
        ),
        .default(enabledTraits: ["LibInotifyTools"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // The C libraries. Each is imported by exactly one target.
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        // Debian ships no .pc file for it; the module map's `link` line is enough.
        .systemLibrary(name: "CInotifyTools", providers: [.apt(["libinotifytools0-dev"])]),
        // System calls that Swift's Glibc module leaves out: no state, so whoever needs one may import it.
        .systemLibrary(name: "CSys"),

        .target(name: "SatchelCore"),
        .target(
            name: "SatchelWorkspace",
            dependencies: [
                "SatchelCore", "COpenSSL", "CSys",
                .target(name: "CInotifyTools", condition: .when(traits: ["LibInotifyTools"])),
            ]
        ),
        .target(
            name: "SatchelManifest",
            dependencies: ["SatchelCore", .product(name: "GRDB", package: "GRDB.swift")]
        ),
        .target(name: "SatchelRemote", dependencies: ["SatchelCore", "CCurl", "CSys"]),
        .target(
            name: "SatchelKit",
            dependencies: [
                "SatchelCore", "SatchelWorkspace", "SatchelManifest", "SatchelRemote",
                .product(name: "Yams", package: "Yams"),
            ]
        ),
        .executableTarget(
            name: "satchel",
            dependencies: [
                "SatchelKit", "SatchelCore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/SatchelCLI",
            // The same code once, addresses to relocate as a bitmap, and no names for others to link with: four megabytes
            // less in memory.
            linkerSettings: [
                .unsafeFlags(
                    [
                        "-use-ld=lld", "-Xlinker", "--icf=safe", "-Xlinker", "--no-export-dynamic",
                        "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs",
                    ],
                    .when(configuration: .release)
                )
            ]
        ),

        // A loopback provider, temporary workspaces and the built binary as a fixture: for tests only.
        .target(name: "SatchelTestSupport", dependencies: ["SatchelCore"], path: "Tests/SatchelTestSupport"),
        // Ends or fails a program at its n-th system call.
        .executableTarget(name: "strike", path: "Tests/Strike"),
        .testTarget(name: "SatchelCoreTests", dependencies: ["SatchelCore", "SatchelTestSupport"]),
        .testTarget(
            name: "SatchelWorkspaceTests",
            dependencies: ["SatchelWorkspace", "SatchelCore", "SatchelTestSupport"]
        ),
        .testTarget(
            name: "SatchelManifestTests",
            dependencies: [
                "SatchelManifest", "SatchelCore", "SatchelTestSupport", .product(name: "GRDB", package: "GRDB.swift"),
            ]
        ),
        .testTarget(
            name: "SatchelRemoteTests",
            dependencies: ["SatchelRemote", "SatchelWorkspace", "SatchelCore", "SatchelTestSupport"]
        ),
        .testTarget(
            name: "SatchelKitTests",
            dependencies: ["SatchelKit", "SatchelManifest", "SatchelRemote", "SatchelCore", "SatchelTestSupport"]
        ),
        .testTarget(name: "SatchelCLITests", dependencies: ["satchel", "SatchelCore", "SatchelTestSupport"]),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .treatAllWarnings(as: .error),
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        ]
}
