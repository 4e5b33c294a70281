import SatchelCore
import SatchelWorkspace
import Testing

@Suite struct RandomSelectionTests {
    /// Trees and ignore files from a small alphabet, so that patterns hit, nest and take each other back.
    struct Generator {
        var random: SeededGenerator

        mutating func pick<Element>(_ choices: [Element]) -> Element {
            choices[Int.random(in: 0..<choices.count, using: &random)]
        }

        mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

        mutating func name() -> String {
            let parts = ["a", "b", "c", "ab", "abc", ".a", "-", " ", "x", "A", "1", "]", "^", "!", "#", "\\", "[", "é"]
            var name = pick(parts)
            if chance(35) { name += pick(parts) }
            if chance(35) { name += pick([".o", ".c", ".txt", "~", ".", ".tar.gz"]) }
            return name
        }

        mutating func path() -> String {
            var path = name()
            while chance(60), path.count < 40 { path = pick(["a", "b", "ab", "x", ".a", "dir", "A b"]) + "/" + path }
            return path
        }

        mutating func component() -> String {
            var result = ""
            repeat {
                result += pick([
                    "a", "b", "c", "a", "b", "*", "*", "?", "**", "[ab]", "[!a]", "[^b]", "[a-c]", "[[:alpha:]]",
                    "[]a]",
                    "[[:punct:]]", "\\a", "\\*", "\\ ", " ", ".", ".o", ".txt", "~", "x", "ab", "[", "]", "-", "é",
                    "\\",
                ])
            } while chance(40)
            return result
        }

        mutating func pattern() -> String {
            var result = chance(25) ? "!" : ""
            if chance(25) { result += "/" }
            result += component()
            while chance(35) { result += "/" + (chance(30) ? "**" : component()) }
            if chance(25) { result += "/" }
            if chance(5) { result += pick([" ", "  ", "\r", "\t", "\\"]) }
            return result
        }

        mutating func ignoreFile() -> String {
            var lines: [String] = []
            repeat {
                lines.append(chance(5) ? pick(["", "#x", "*", "!*", "!*/", "/*"]) : pattern())
            } while chance(75) && lines.count < 12
            return lines.joined(separator: pick(["\n", "\n", "\n", "\r\n"])) + (chance(80) ? "\n" : "")
        }
    }

    private static func plant(_ tree: ScratchTree, _ generator: inout Generator) throws -> [String] {
        var folders: Set<String> = [""]
        for _ in 0..<Int.random(in: 20..<60, using: &generator.random) {
            let path = generator.path()
            // A name may already be a folder or a file; then this one is left out.
            guard (try? tree.write(path)) != nil else { continue }
            var folder = path
            while let slash = folder.lastIndex(of: "/") {
                folder = String(folder[..<slash])
                folders.insert(folder)
            }
        }
        var described: [String] = []
        for folder in folders.sorted() where folder.isEmpty || generator.chance(30) {
            let path = folder.isEmpty ? ".gitignore" : folder + "/.gitignore"
            let content = generator.ignoreFile()
            guard (try? tree.write(path, content)) != nil else { continue }
            described.append("\(path): \(escaped(Array(content.utf8)))")
        }
        return described
    }

    @Test(arguments: 0..<8)
    func seededTreesSelectWhatGitSelects(part: Int) throws {
        let tree = try ScratchTree()
        try tree.git("init", "-q")
        for seed in (part * 40)..<(part * 40 + 40) {
            var generator = Generator(random: SeededGenerator(seed: UInt64(seed)))
            tree.clear()
            let rules = try Self.plant(tree, &generator)
            let differences = try tree.differencesFromGit()
            #expect(differences == [], "seed \(seed)\n\(rules.joined(separator: "\n"))")
        }
    }

    @Test(arguments: 0..<4)
    func aPartialScanSeesWhatTheFullScanSawThere(part: Int) throws {
        let tree = try ScratchTree()
        try tree.git("init", "-q")
        for seed in (part * 20)..<(part * 20 + 20) {
            var generator = Generator(random: SeededGenerator(seed: UInt64(1000 + seed)))
            tree.clear()
            let rules = try Self.plant(tree, &generator)
            let full = try tree.scan()
            var paths = full.skipped.map(\.path) + full.files.map(\.path.parent) + [workspacePath("not/there")]
            paths.append(contentsOf: full.files.map(\.path))
            paths.shuffle(using: &generator.random)
            let scope = Scope(paths.prefix(5).filter { !$0.isRoot })
            let partial = try tree.scan(scope)
            let message = "seed \(seed), \(scope)\n\(rules.joined(separator: "\n"))"
            #expect(partial.files == full.files.filter { scope.contains($0.path) }, "\(message)")
            #expect(partial.skipped == full.skipped.filter { scope.contains($0.path) }, "\(message)")
            for file in full.files.prefix(3) {
                #expect(try tree.scanner().decision(for: file.path) == .selected(isFolder: false), "\(message)")
            }
            for skipped in full.skipped.prefix(3) {
                let decision = try tree.scanner().decision(for: skipped.path)
                #expect(decision == .skipped(skipped.reason, at: skipped.path), "\(message)")
            }
        }
    }
}
