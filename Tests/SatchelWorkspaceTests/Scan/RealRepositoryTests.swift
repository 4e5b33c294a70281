import SatchelCore
import Testing

@Suite struct RealRepositoryTests {
    /// The real environment: a machine may reach the repository only through its own git configuration.
    private static func clone(into tree: ScratchTree) throws -> Bool {
        let environment = [
            "HOME": environmentValue("HOME") ?? "/", "PATH": environmentValue("PATH") ?? "/usr/bin:/bin",
            "GIT_TERMINAL_PROMPT": "0",
        ]
        let address = "https://github.com/apple/swift-nio"
        let result = try runProgram(
            ["timeout", "60", "git", "clone", "-q", "--depth", "1", address, tree.root],
            environment: environment
        )
        return result.status == 0
    }

    @Test func aRealRepositoryWithLeftoversIsSelectedAsByGit() throws {
        let tree = try ScratchTree()
        guard try Self.clone(into: tree) else {
            try Test.cancel("swift-nio could not be cloned: no network")
        }
        for path in [
            ".build/debug/x.o", ".build/.lock", "Sources/NIOCore/.DS_Store", "Sources/a.o", "Package.resolved",
            "docs/notes.md", "Sources/NIOCore/new file.swift", ".swiftpm/x", "x.xcodeproj/y", "sub/.gitignore~",
            "DerivedData/z", "Sources/.index-build/q", ".vscode/s",
        ] { try tree.write(path) }
        try tree.write("docs/.gitignore", "*.tmp\n!keep.tmp\n")
        try tree.write("docs/a.tmp")
        try tree.write("docs/keep.tmp")
        #expect(try tree.differencesFromGit() == [])
        let count = try tree.scan().files.count
        #expect(count > 300)
    }
}
