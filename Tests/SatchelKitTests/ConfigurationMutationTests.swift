import Glibc
import SatchelCore
import SatchelKit
import SatchelTestSupport
import Testing

/// Configurations and ignore files, changed at random: read, or refused in words that fit a terminal.
///
/// `SATCHEL_MUTATIONS=100000` tries more of them, `SATCHEL_SEED=17` begins with those of that seed.
struct ConfigurationMutationTests {
    private static func wish(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }
    private static let count = wish("SATCHEL_MUTATIONS") ?? 400
    private static let first = wish("SATCHEL_SEED") ?? 1

    private static let yaml = """
        ttl: 24h
        max_file_size: 10MB
        parallel_uploads: 4
        exclude: ["*.log", build/]
        accounts:
          lab:
            kind: openai-compatible
            base_url: https://lab.example.com/v1
            model: "x"
        default_account: lab

        """
    private static let rules = "*.log\n!keep.log\n/build/\n**/a/**/b?[a-z]*\n\\#x\\ \n# comment\nfoo/**\n[!a-c]x\n"
    private static let tokens =
        [
            ":", "- ", "&a ", "*a", "!!", "|", ">", "{", "}", "[", "]", "\"", "'", "\n", "\n  ", "\t", "\0", "#", "~",
            "-1",
            "\u{1b}[31m", "\u{feff}", "**/", "*", "[", "\\", "!", "?", "<<: *a\n", "%", "@",
        ].map { Array($0.utf8) } + [[0xff], [0xc3, 0x28], Array(repeating: UInt8(ascii: "*"), count: 60)]

    private static func mutated(_ text: String, _ chance: inout Chance) -> [UInt8] {
        var bytes = Array(text.utf8)
        for _ in 0...chance.below(6) {
            let at = chance.below(bytes.count + 1)
            let end = min(bytes.count, at + 1 + chance.below(12))
            switch chance.below(4) {
            case 0: bytes.removeSubrange(at..<end)
            case 1: bytes.insert(contentsOf: tokens[chance.below(tokens.count)], at: at)
            case 2: bytes.replaceSubrange(at..<end, with: tokens[chance.below(tokens.count)])
            default: bytes.insert(contentsOf: bytes[at..<end], at: chance.below(bytes.count + 1))
            }
        }
        return bytes
    }

    @Test func everyConfigurationIsReadOrRefusedInOneWay() {
        var refused = 0
        for seed in Self.first..<Self.first + Self.count {
            var chance = Chance(seed: UInt64(seed))
            let bytes = Self.mutated(Self.yaml, &chance)
            do throws(ConfigurationError) {
                _ = try configuration(workspaceBytes: bytes)
            } catch {
                refused += 1
                let words = error.description
                #expect(words.contains("satchel.yaml"), "SATCHEL_SEED=\(seed): \(words)")
                #expect(
                    !words.utf8.contains { $0 < 0x20 && $0 != 0x0a || $0 == 0x7f },
                    "SATCHEL_SEED=\(seed): \(words)"
                )
            }
        }
        #expect(Self.count < 100 || (refused > Self.count / 10 && refused < Self.count), "\(refused) refused")
    }

    @Test func everyIgnoreFileIsReadAndAnswersAboutEveryPath() {
        let names = [
            "a", "b", "build", "keep.log", "x.log", "foo", "#x ", "\u{1b}", String(repeating: "a", count: 200),
        ]
        for seed in Self.first..<Self.first + Self.count {
            var chance = Chance(seed: UInt64(seed))
            let file = IgnoreFile(parsing: Self.mutated(Self.rules, &chance), file: ".gitignore")
            for _ in 0..<8 {
                let parts = (0...chance.below(5)).map { _ in names[chance.below(names.count)] }
                let path = WorkspacePath(unchecked: Array(parts.joined(separator: "/").utf8))
                #expect(file.matches(path) == file.matches(path), "SATCHEL_SEED=\(seed)")
            }
        }
    }
}
