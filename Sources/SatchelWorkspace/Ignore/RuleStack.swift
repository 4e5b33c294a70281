import SatchelCore

/// The rules in force at one place of a walk: those of the configuration and of every folder on the way.
///
/// Who has the last word, highest first: `.satchelignore`, `.ignore`, `.gitignore`, each from the deepest folder up;
/// then `.git/info/exclude`, then the user's global excludes. So nothing that a project says for git can take back
/// what somebody said for Satchel.
struct RuleStack {
    /// An ignore file and how many bytes of a path lead to its folder.
    struct Layer {
        var file: IgnoreFile
        var base: Int
    }

    /// How full the stack is, to come back to.
    struct Mark {
        fileprivate var satchel: Int
        fileprivate var ignore: Int
        fileprivate var git: Int
    }

    /// What leads from the top of the repository to the workspace, its slash included; every path asked begins so.
    let origin: [UInt8]
    let respectsGitignore: Bool
    private let include: IgnoreFile
    private let exclude: IgnoreFile
    private var satchel: [Layer] = []
    private var ignore: [Layer] = []
    private var git: [Layer] = []
    private let last: [Layer]

    init(policy: SelectionPolicy, outer: OuterRules) {
        origin = outer.origin
        respectsGitignore = policy.respectsGitignore
        include = IgnoreFile(policy.include)
        exclude = IgnoreFile(policy.exclude)
        git = outer.parents
        last = outer.last
    }

    var mark: Mark { Mark(satchel: satchel.count, ignore: ignore.count, git: git.count) }

    mutating func pop(to mark: Mark) {
        if satchel.count > mark.satchel { satchel.removeLast(satchel.count - mark.satchel) }
        if ignore.count > mark.ignore { ignore.removeLast(ignore.count - mark.ignore) }
        if git.count > mark.git { git.removeLast(git.count - mark.git) }
    }

    mutating func push(_ kind: IgnoreFileName, _ file: IgnoreFile, base: Int) {
        guard !file.isEmpty else { return }
        let layer = Layer(file: file, base: base)
        switch kind {
        case .satchelignore: satchel.append(layer)
        case .ignore: ignore.append(layer)
        case .gitignore: git.append(layer)
        }
    }

    /// What the rules say of a path that begins with ``origin`` and whose last component starts at `nameStart`.
    ///
    /// - Returns: the reason to skip it, if there is one, and whether the `include` globs take it; what they do not
    ///   speak of is as its folder is.
    func verdict(
        on path: [UInt8],
        nameStart: Int,
        isFolder: Bool,
        folderIncluded: Bool
    ) -> (skip: SkipReason?, included: Bool) {
        path.withUnsafeBytes { bytes in
            let subject = IgnoreSubject(path: bytes, nameStart: nameStart, isFolder: isFolder)
            if let rule = ignoringRule(subject) { return (.ignored(rule), false) }
            if !exclude.isEmpty, let rule = exclude.lastMatch(subject, below: origin.count), !exclude.isNegated(rule) {
                return (.excluded(exclude.rules[rule]), false)
            }
            guard !include.isEmpty else { return (nil, true) }
            guard let rule = include.lastMatch(subject, below: origin.count) else { return (nil, folderIncluded) }
            return (nil, !include.isNegated(rule))
        }
    }

    private func ignoringRule(_ subject: IgnoreSubject) -> SelectionRule? {
        Self.word(of: satchel, subject) ?? Self.word(of: ignore, subject) ?? Self.word(of: git, subject)
            ?? Self.word(of: last, subject) ?? nil
    }

    /// The rule of the last layer that has one for this path: nil inside when it is a `!`, nil when none has.
    private static func word(of layers: [Layer], _ subject: IgnoreSubject) -> SelectionRule?? {
        var index = layers.count
        while index > 0 {
            index -= 1
            guard let rule = layers[index].file.lastMatch(subject, below: layers[index].base) else { continue }
            return .some(layers[index].file.isNegated(rule) ? nil : layers[index].file.rules[rule])
        }
        return nil
    }
}

/// The names of ignore files that may stand in any folder.
enum IgnoreFileName: String, CaseIterable {
    case gitignore = ".gitignore"
    case ignore = ".ignore"
    case satchelignore = ".satchelignore"

    /// As a folder listing is asked for it.
    var name: StaticString {
        switch self {
        case .gitignore: ".gitignore"
        case .ignore: ".ignore"
        case .satchelignore: ".satchelignore"
        }
    }
}
