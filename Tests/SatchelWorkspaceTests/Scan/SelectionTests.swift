import Glibc
import SatchelCore
import SatchelWorkspace
import Testing

@Suite struct SelectionTests {
    @Test func everyPathIsEitherAFileOrSkippedForAReason() throws {
        let tree = try ScratchTree()
        var policy = SelectionPolicy()
        policy.maxFileSize = ByteCount(5)
        policy.exclude = [SelectionRule(file: "satchel.yaml", line: 4, pattern: "*.lock")]
        try tree.write(".gitignore", "build/\n*.log\n!keep.log\n")
        try tree.write(".hidden/file")
        try tree.write("a.log")
        try tree.write("keep.log")
        try tree.write("build/out")
        try tree.write("big", "123456")
        try tree.write("src/main.c")
        try tree.write("yarn.lock")
        try tree.link("link", to: "src")
        let snapshot = try tree.scan(policy: policy)
        #expect(snapshot.paths == ["keep.log", "src/main.c"])
        #expect(
            snapshot.skipped == [
                .init(path: workspacePath(".gitignore"), isFolder: false, reason: .hidden),
                .init(path: workspacePath(".hidden"), isFolder: true, reason: .hidden),
                .init(
                    path: workspacePath("a.log"),
                    isFolder: false,
                    reason: .ignored(SelectionRule(file: ".gitignore", line: 2, pattern: "*.log"))
                ),
                .init(path: workspacePath("big"), isFolder: false, reason: .tooLarge(limit: ByteCount(5))),
                .init(
                    path: workspacePath("build"),
                    isFolder: true,
                    reason: .ignored(SelectionRule(file: ".gitignore", line: 1, pattern: "build/"))
                ),
                .init(path: workspacePath("link"), isFolder: false, reason: .symlink),
                .init(
                    path: workspacePath("yarn.lock"),
                    isFolder: false,
                    reason: .excluded(SelectionRule(file: "satchel.yaml", line: 4, pattern: "*.lock"))
                ),
            ]
        )
    }

    @Test func satchelignoreOutranksIgnoreAndThatGitignoreAtAnyDepth() throws {
        let tree = try ScratchTree()
        try tree.write(".gitignore", "*.a\n*.b\n*.c\n")
        try tree.write(".ignore", "!*.b\n*.d\n*.e\n")
        try tree.write(".satchelignore", "!*.c\n!*.d\n*.f\n")
        try tree.write("sub/.gitignore", "*.b\n!*.f\n")
        try tree.write("sub/.ignore", "*.c\n!*.e\n")
        for name in ["x.a", "x.b", "x.c", "x.d", "x.e", "x.f", "x.g"] {
            try tree.write(name)
            try tree.write("sub/" + name)
        }
        let paths = try tree.scan(policy: SelectionPolicy()).paths
        #expect(paths == ["sub/x.b", "sub/x.c", "sub/x.d", "sub/x.e", "sub/x.g", "x.b", "x.c", "x.d", "x.g"])
        var policy = SelectionPolicy()
        policy.respectsGitignore = false
        let without = try tree.scan(policy: policy).paths
        #expect(without.contains("x.a"))
        #expect(!without.contains("x.e"))
    }

    @Test func includeGlobsTakeFilesAndWholeFolders() throws {
        let tree = try ScratchTree()
        var policy = SelectionPolicy()
        policy.include = ["*.md", "/src/", "!/src/gen/", "/src/gen/keep"].enumerated().map {
            SelectionRule(file: "satchel.yaml", line: $0.offset + 1, pattern: $0.element)
        }
        policy.exclude = [SelectionRule(file: "satchel.yaml", line: 9, pattern: "secret.md")]
        try tree.write(".gitignore", "ignored.md\n")
        for path in [
            "a.md", "deep/er/b.md", "c.txt", "src/x.c", "src/y/z.c", "src/gen/out.c", "src/gen/keep", "docs/src/q.c",
            "secret.md", "src/secret.md", "ignored.md",
        ] { try tree.write(path) }
        let snapshot = try tree.scan(policy: policy)
        #expect(snapshot.paths == ["a.md", "deep/er/b.md", "src/gen/keep", "src/x.c", "src/y/z.c"])
        #expect(snapshot.reason("c.txt") == .notIncluded)
        #expect(snapshot.reason("src/gen/out.c") == .notIncluded)
        #expect(snapshot.reason("secret.md") == .excluded(policy.exclude[0]))
    }

    @Test func aScopeSeesOnlyItsPaths() throws {
        let tree = try ScratchTree()
        try tree.write(".gitignore", "build/\n")
        for path in ["a/1", "a/2", "a-b", "a.c", "b/c/3", "b/d/4", "build/out/5", "z"] { try tree.write(path) }
        let full = try tree.scan(policy: SelectionPolicy())
        let scope = Scope(["a", "a-b", "b/c/3", "build/out/5", "build/none", "none", "none/at/all"].map(workspacePath))
        let hashing = WatchedHashing()
        let partial = try WorkspaceScanner(
            root: tree.root,
            policy: SelectionPolicy(),
            hashing: hashing,
            environment: tree.environment
        ).scan(scope, known: full.known(in: tree), now: clockNow, onHashed: { _ in })
        #expect(partial.paths == ["a-b", "a/1", "a/2", "b/c/3"])
        #expect(partial.files == full.files.filter { scope.contains($0.path) })
        #expect(hashing.contents == 0)
        let rule = SelectionRule(file: ".gitignore", line: 1, pattern: "build/")
        #expect(
            partial.skipped == [.init(path: workspacePath("build/out/5"), isFolder: false, reason: .ignored(rule))]
        )
        #expect(try tree.scan(.paths([])).files == [])
    }

    @Test func decisionsNameTheRuleAndTheFolder() throws {
        let tree = try ScratchTree()
        try tree.write("src/.gitignore", "\n# generated\n/gen/\n")
        try tree.write("src/gen/deep/file")
        try tree.write("src/main.c")
        let rule = SelectionRule(file: "src/.gitignore", line: 3, pattern: "/gen/")
        #expect(try tree.decision("src/gen/deep/file") == .skipped(.ignored(rule), at: workspacePath("src/gen")))
        #expect(try tree.decision("src/gen") == .skipped(.ignored(rule), at: workspacePath("src/gen")))
        #expect(try tree.decision("src/main.c") == .selected(isFolder: false))
        #expect(try tree.decision("src") == .selected(isFolder: true))
        #expect(try tree.decision("") == .selected(isFolder: true))
        #expect(try tree.decision("src/none") == .missing)
        #expect(try tree.decision("src/gen/none") == .missing)
        #expect(try tree.decision("src/main.c/none") == .missing)
    }
}
