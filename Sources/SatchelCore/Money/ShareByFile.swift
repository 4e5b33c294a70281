/// What one answer used up, and what it had been shown.
package struct AnswerUse: Sendable {
    /// A file that its thread had been shown.
    package struct File: Hashable, Sendable {
        package var path: String
        /// Bytes.
        package var size: Int64

        package init(path: String, size: Int64) {
            self.path = path
            self.size = size
        }
    }

    package var usage: ChatUsage
    package var files: [File]

    package init(usage: ChatUsage, files: [File]) {
        self.usage = usage
        self.files = files
    }
}

/// Sums for each path: an answer's tokens and money are shared out among the files that it was shown, by their bytes.
///
/// The parts of one answer add up to the whole; what was answered without files stands under `(no file)`.
package func shareByFile(_ answers: [AnswerUse]) -> [UsageSum] {
    var sums: [String: UsageSum] = [:]
    for answer in answers {
        let files = answer.files.isEmpty ? [AnswerUse.File(path: "(no file)", size: 1)] : answer.files
        let weights = files.map { max($0.size, 1) }
        let usage = answer.usage
        let input = shares(of: Int64(usage.input), by: weights)
        let cached = shares(of: Int64(usage.cached), by: weights)
        let written = shares(of: Int64(usage.cacheWrite), by: weights)
        let output = shares(of: Int64(usage.output), by: weights)
        let reasoning = shares(of: Int64(usage.reasoning), by: weights)
        let money = usage.cost.map { shares(of: $0.ticks, by: weights) }
        for (index, file) in files.enumerated() {
            let empty = ChatUsage(input: 0, cached: 0, output: 0, reasoning: 0)
            var sum = sums[file.path] ?? UsageSum(key: file.path, answers: 0, usage: empty, unpriced: 0)
            sum.answers += 1
            sum.usage.input = ChatUsage.sum(sum.usage.input, Int(input[index]))
            sum.usage.cached = ChatUsage.sum(sum.usage.cached, Int(cached[index]))
            sum.usage.cacheWrite = ChatUsage.sum(sum.usage.cacheWrite, Int(written[index]))
            sum.usage.output = ChatUsage.sum(sum.usage.output, Int(output[index]))
            sum.usage.reasoning = ChatUsage.sum(sum.usage.reasoning, Int(reasoning[index]))
            if let money {
                sum.usage.cost = (sum.usage.cost ?? .zero).adding(Dollars(clamping: money[index]))
            } else {
                sum.unpriced += 1
            }
            sums[file.path] = sum
        }
    }
    return sums.values.sorted { left, right in
        let (one, other) = (left.usage.cost ?? .zero, right.usage.cost ?? .zero)
        if one != other { return one > other }
        return left.usage.input == right.usage.input ? left.key < right.key : left.usage.input > right.usage.input
    }
}

/// Parts of a whole in proportion to weights, which add up to it; what is left by rounding goes to the first ones.
private func shares(of whole: Int64, by weights: [Int64]) -> [Int64] {
    let sum = weights.reduce(Int128(0)) { $0 + Int128($1) }
    var parts = weights.map { Int64(Int128(whole) * Int128($0) / sum) }
    var left = whole - parts.reduce(0, +)
    var index = 0
    while left > 0 {
        parts[index % parts.count] += 1
        index += 1
        left -= 1
    }
    return parts
}
