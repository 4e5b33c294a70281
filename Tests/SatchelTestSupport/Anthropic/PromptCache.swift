/// What a message is billed for, after beginnings that were marked earlier: exact prefixes of whole blocks.
///
/// As published: up to four marks, each looks back over 20 blocks, a mark lives five minutes or an hour and is renewed
/// by being read, and short prefixes are not kept.
struct PromptCache {
    /// Tokens of the input, in the three ways they are counted: together they are all of it.
    struct Bill {
        var fresh = 0
        var read = 0
        /// Written, to be kept for five minutes or for an hour.
        var written5m = 0
        var written1h = 0

        var written: Int { written5m + written1h }
    }

    private static let lookBack = 20

    /// Seconds since 1970 when each prefix ends, by its digest.
    private var ends: [String: Int64] = [:]

    mutating func bill(_ prompt: ShownPrompt, workspace: String, minimum: Int, at now: Int64) -> Bill {
        ends = ends.filter { $0.value > now }
        var prefixes: [(digest: String, tokens: Int)] = []
        var digest = workspace + "\n" + prompt.model
        var tokens = 0
        for block in prompt.blocks {
            digest = "\(independentDigest(of: Array((digest + "\n" + block.key).utf8)))"
            tokens += block.tokens
            prefixes.append((digest, tokens))
        }
        let marks = prompt.blocks.indices.filter { prompt.blocks[$0].keptFor != nil }
        var bill = Bill()
        for mark in marks.reversed() where bill.read == 0 {
            let candidates = (max(0, mark - Self.lookBack + 1)...mark).reversed()
            if let hit = candidates.first(where: { ends[prefixes[$0].digest] != nil }) {
                bill.read = prefixes[hit].tokens
                // Being read renews what was written for five minutes; what has longer stays as it is.
                ends[prefixes[hit].digest] = max(ends[prefixes[hit].digest] ?? 0, now + 300)
            }
        }
        var kept = bill.read
        for mark in marks where prefixes[mark].tokens >= minimum {
            let seconds = prompt.blocks[mark].keptFor ?? 300
            ends[prefixes[mark].digest] = max(ends[prefixes[mark].digest] ?? 0, now + seconds)
            guard prefixes[mark].tokens > kept else { continue }
            let new = prefixes[mark].tokens - kept
            if seconds > 300 { bill.written1h += new } else { bill.written5m += new }
            kept = prefixes[mark].tokens
        }
        bill.fresh = tokens - kept
        return bill
    }
}
