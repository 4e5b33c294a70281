import SatchelCore
import SatchelTestSupport
import Testing

/// How many lines two versions of a file differ by.
@Suite struct LineChangesTests {
    private func changes(_ old: String, _ new: String, most: Int = 4000) -> [Int]? {
        lineChanges(from: Array(old.utf8), to: Array(new.utf8), most: most).map { [$0.added, $0.removed] }
    }

    @Test(arguments: [
        ("a\nb\n", "a\nb\n", [0, 0]), ("a\nb\n", "a\nx\nb\n", [1, 0]), ("a\nb\n", "b\n", [0, 1]),
        ("a\nb\n", "a\nc\n", [1, 1]), ("", "a\nb\n", [2, 0]), ("a\nb\n", "", [0, 2]), ("a", "a\n", [0, 0]),
        ("a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n", [2, 3]), ("a\na\na\n", "a\n", [0, 2]),
    ])
    func linesAreCounted(_ old: String, _ new: String, _ expected: [Int]) {
        #expect(changes(old, new) == expected)
    }

    @Test func textsThatHaveLittleInCommonAreNotCounted() {
        let old = (0..<100).map { "old \($0)\n" }.joined()
        let new = (0..<100).map { "new \($0)\n" }.joined()
        #expect(changes(old, new, most: 150) == nil)
        #expect(changes(old, new, most: 200) == [100, 100])
    }

    @Test func randomTextsDifferByWhatTheirLongestCommonPartLacks() {
        var chance = Chance(seed: 5)
        for _ in 0..<200 {
            let old = (0..<chance.below(12)).map { _ in chance.below(4) }
            let new = (0..<chance.below(12)).map { _ in chance.below(4) }
            let common = longestCommon(old, new)
            let text = { (lines: [Int]) in lines.map { "\($0)\n" }.joined() }
            #expect(changes(text(old), text(new)) == [new.count - common, old.count - common], "\(old) \(new)")
        }
    }

    private func longestCommon(_ a: [Int], _ b: [Int]) -> Int {
        var table = [[Int]](repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
        for i in a.indices {
            for j in b.indices {
                table[i + 1][j + 1] = a[i] == b[j] ? table[i][j] + 1 : max(table[i][j + 1], table[i + 1][j])
            }
        }
        return table[a.count][b.count]
    }
}
