import Glibc

/// The rules of one ignore file, compiled: which of them, if any, has the last word about a path.
///
/// Matches as git does (gitignore(5), and git's behaviour where the manual is silent), on bytes. Most patterns are a
/// plain name or an extension and are found by one look into a table each; only what is left over is tried one by one,
/// from the last line up to the best line found so far.
package struct IgnoreFile: Sendable {
    /// In order of their lines; the numbers that ``lastMatch(_:below:)`` returns index it.
    package private(set) var rules: [SelectionRule] = []
    private var negated: [Bool] = []
    private var names = NameTable()
    /// `*.ext` with a single dot: by the bytes from the last dot on.
    private var extensions = NameTable()
    private var residuals: [Residual] = []
    private var program = GlobProgram()
    /// The literal parts of ``residuals``, end to end.
    private var literals: [UInt8] = []

    /// A pattern that is neither a plain name nor an extension.
    private struct Residual: Sendable {
        enum Kind: UInt8, Sendable { case nameSuffix, nameGlob, path, pathGlob }

        var rule: Int32
        var kind: Kind
        var isFolderOnly: Bool
        /// Where its literal part lies in ``IgnoreFile/literals``.
        var literal: Range<Int32>
        /// Where its steps lie in ``IgnoreFile/program``.
        var steps: Range<Int32>
    }

    /// Reads the bytes of an ignore file; `file` is how people know it.
    package init(parsing bytes: [UInt8], file: String) {
        for line in IgnorePattern.lines(of: bytes[...]) {
            let text = String(decoding: line.text, as: UTF8.self)
            append(IgnorePattern(line.text), SelectionRule(file: file, line: line.number, pattern: text))
        }
    }

    /// Compiles the globs of a configuration, which have no comments and no line ends to take care of.
    package init(_ rules: [SelectionRule]) {
        for rule in rules { append(IgnorePattern(Array(rule.pattern.utf8)[...]), rule) }
    }

    /// Compiles the globs of a mention.
    package init(globs: [String]) {
        self.init(globs.map { SelectionRule(file: "@", line: 0, pattern: $0) })
    }

    package var isEmpty: Bool { rules.isEmpty }

    /// Whether the rule begins with `!`.
    package func isNegated(_ rule: Int) -> Bool { negated[rule] }

    private mutating func append(_ pattern: IgnorePattern, _ rule: SelectionRule) {
        let index = rules.count
        rules.append(rule)
        negated.append(pattern.isNegated)
        switch pattern.form {
        case .name(let name):
            names.insert(name, rule: index, folderOnly: pattern.isFolderOnly)
        case .nameSuffix(let suffix):
            let dot = UInt8(ascii: ".")
            if suffix.first == dot, !suffix.dropFirst().contains(dot) {
                extensions.insert(suffix, rule: index, folderOnly: pattern.isFolderOnly)
            } else {
                append(.nameSuffix, index, pattern, literal: suffix, steps: 0..<0)
            }
        case .path(let path):
            append(.path, index, pattern, literal: path, steps: 0..<0)
        case .nameGlob(let glob):
            guard let steps = program.compile(glob[...]) else { return }
            append(.nameGlob, index, pattern, literal: [], steps: steps)
        case .pathGlob(let prefix, let glob):
            guard let steps = program.compile(glob[...]) else { return }
            append(.pathGlob, index, pattern, literal: prefix, steps: steps)
        }
    }

    private mutating func append(
        _ kind: Residual.Kind,
        _ rule: Int,
        _ pattern: IgnorePattern,
        literal: [UInt8],
        steps: Range<Int>
    ) {
        let start = Int32(literals.count)
        literals.append(contentsOf: literal)
        residuals.append(
            Residual(
                rule: Int32(rule),
                kind: kind,
                isFolderOnly: pattern.isFolderOnly,
                literal: start..<Int32(literals.count),
                steps: Int32(steps.lowerBound)..<Int32(steps.upperBound)
            )
        )
    }
}

/// A path put to several ignore files, with what they all need of it computed once.
///
/// Valid as long as its bytes are.
package struct IgnoreSubject {
    let path: UnsafeRawBufferPointer
    let name: UnsafeRawBufferPointer
    let isFolder: Bool
    let nameHash: UInt32
    /// From the last dot of the name on; empty without one.
    let suffix: UnsafeRawBufferPointer
    let suffixHash: UInt32

    /// All of a path, without a slash at its end, whose last component begins at `nameStart`.
    package init(path: UnsafeRawBufferPointer, nameStart: Int, isFolder: Bool) {
        self.path = path
        self.isFolder = isFolder
        name = UnsafeRawBufferPointer(rebasing: path[nameStart...])
        var dot = name.count
        while dot > 0, name[dot - 1] != UInt8(ascii: ".") { dot -= 1 }
        suffix = UnsafeRawBufferPointer(rebasing: name[(dot > 0 ? dot - 1 : name.count)...])
        nameHash = NameTable.hash(name)
        suffixHash = NameTable.hash(suffix)
    }
}

extension IgnoreFile {
    /// Whether the file at `path`, or a folder that it lies in, is matched by a rule, and by no later one that begins
    /// with `!`.
    package func matches(_ path: WorkspacePath) -> Bool {
        path.bytes.withUnsafeBytes { bytes in
            var nameStart = 0
            while true {
                let end = bytes[nameStart...].firstIndex(of: UInt8(ascii: "/")) ?? bytes.count
                let subject = IgnoreSubject(
                    path: UnsafeRawBufferPointer(rebasing: bytes[..<end]),
                    nameStart: nameStart,
                    isFolder: end < bytes.count
                )
                if let rule = lastMatch(subject, below: 0), !isNegated(rule) { return true }
                if end == bytes.count { return false }
                nameStart = end + 1
            }
        }
    }

    /// The last rule that matches, as an index into ``rules``; nil when none does.
    ///
    /// `below` is how many bytes of the path lead to the folder the file stands in, its slash included.
    package func lastMatch(_ subject: IgnoreSubject, below base: Int) -> Int? {
        var best = names.lastRule(for: subject.name, hash: subject.nameHash, isFolder: subject.isFolder)
        if !extensions.isEmpty, !subject.suffix.isEmpty {
            let found = extensions.lastRule(
                for: subject.suffix,
                hash: subject.suffixHash,
                isFolder: subject.isFolder
            )
            best = max(best, found)
        }
        if !residuals.isEmpty {
            let relative = UnsafeRawBufferPointer(rebasing: subject.path[base...])
            best = lastResidual(subject, relative, above: best)
        }
        return best >= 0 ? best : nil
    }

    private func lastResidual(_ subject: IgnoreSubject, _ relative: UnsafeRawBufferPointer, above floor: Int) -> Int {
        residuals.withUnsafeBufferPointer { residuals in
            literals.withUnsafeBytes { literals in
                program.steps.withUnsafeBufferPointer { steps in
                    program.sets.withUnsafeBufferPointer { sets in
                        var index = residuals.count
                        while index > 0 {
                            index -= 1
                            let residual = residuals[index]
                            if Int(residual.rule) < floor { break }
                            if residual.isFolderOnly, !subject.isFolder { continue }
                            let literal = literals[Int(residual.literal.lowerBound)..<Int(residual.literal.upperBound)]
                            let range = Int(residual.steps.lowerBound)..<Int(residual.steps.upperBound)
                            let matches: Bool
                            switch residual.kind {
                            case .nameSuffix:
                                matches = subject.name.hasSuffix(literal)
                            case .nameGlob:
                                matches = GlobProgram.matches(subject.name, steps: steps, range: range, sets: sets)
                            case .path:
                                matches = relative.count == literal.count && relative.hasPrefix(literal)
                            case .pathGlob:
                                matches =
                                    relative.hasPrefix(literal)
                                    && GlobProgram.matches(
                                        UnsafeRawBufferPointer(rebasing: relative[literal.count...]),
                                        steps: steps,
                                        range: range,
                                        sets: sets
                                    )
                            }
                            if matches { return Int(residual.rule) }
                        }
                        return floor
                    }
                }
            }
        }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func hasPrefix(_ literal: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard literal.count <= count else { return false }
        return equals(UnsafeRawBufferPointer(rebasing: literal), at: 0)
    }

    fileprivate func hasSuffix(_ literal: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard literal.count <= count else { return false }
        return equals(UnsafeRawBufferPointer(rebasing: literal), at: count - literal.count)
    }

    private func equals(_ literal: UnsafeRawBufferPointer, at start: Int) -> Bool {
        guard let one = baseAddress, let other = literal.baseAddress else { return literal.isEmpty }
        return memcmp(one + start, other, literal.count) == 0
    }
}
