import ArgumentParser
import FoundationEssentials
import Glibc
import SatchelCore
import SatchelKit

struct Image: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image",
        abstract: "Have a picture made, and keep it.",
        discussion: """
            The picture goes into the local store, by its SHA-256, and into a thread, as an answer to the prompt; --out \
            also writes it to a file. @picture.png in the prompt shows a picture of the workspace, to be changed or \
            drawn from. Terminals that can (kitty, ghostty, iTerm2, WezTerm) show it. Accounts of the kinds openai, xai \
            and gemini make pictures, and openai-compatible ones that have the endpoint. Only the prompt is sent, not \
            what the thread said before.

            EXAMPLES
              satchel image "a lighthouse in the fog, woodcut"
              satchel image "a robot" -n 2 --size 1536x1024 --out pictures/
              satchel image "the same at night, like @pictures/robot.png" --out night.png
              satchel image "a map" -p gemini --size 16:9
              satchel image "a map" -p xai -m grok-imagine-image-quality
              satchel image "a logo" --background transparent -o output_format=webp
              satchel image "a robot" -n 4 --estimate        what it would cost
            """
    )

    @Argument(help: "What the picture is to show.")
    var prompt: [String]

    @OptionGroup var account: AccountOption

    @Option(name: .shortAndLong, help: "The model; else the one that the provider draws with.")
    var model: String?

    @Option(name: .customShort("n"), help: ArgumentHelp("So many pictures, 1 to 10.", valueName: "count"))
    var count = 1

    @Option(help: ArgumentHelp("As the provider writes it: 1024x1024, 16:9, 2K.", valueName: "size"))
    var size: String?

    @Option(help: "low, medium or high, where the provider has a choice.")
    var quality: String?

    @Option(help: "transparent or opaque, where the provider has a choice.")
    var background: String?

    @Option(
        name: .customShort("o"),
        help: ArgumentHelp("Add key=value to the request: -o output_format=webp. Repeatable.", valueName: "key=value")
    )
    var settings: [String] = []

    @Option(help: ArgumentHelp("Also write it here: a file, or a folder that is there.", valueName: "path"))
    var out: String?

    @Flag(help: "With --out, replace a file that is there.")
    var force = false

    @Option(name: .shortAndLong, help: ArgumentHelp("Put it into this thread.", valueName: "number"))
    var thread: Int64?

    @Flag(name: [.customShort("c"), .customLong("continue")], help: "Put it into the last thread.")
    var continues = false

    @Flag(help: "Say what it would cost, and ask nothing.")
    var estimate = false

    @Option(
        name: .customLong("max-cost"),
        help: ArgumentHelp("What it may cost, such as 0.10; more is not asked for.", valueName: "dollars")
    )
    var maxCost: String?

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard (1...10).contains(count) else { throw ValidationError("-n takes a number from 1 to 10") }
        if thread != nil, continues { throw ValidationError("-t and -c exclude each other") }
        if force, out == nil { throw ValidationError("--force is about --out") }
        if let maxCost, Dollars(maxCost) == nil { throw ValidationError("--max-cost takes dollars such as 0.10") }
        for setting in settings where setting.prefix(while: { $0 != "=" }).isEmpty || !setting.contains("=") {
            throw ValidationError("-o takes key=value, such as -o output_format=webp")
        }
        guard prompt.contains(where: { !$0.trimmingSpaces.isEmpty }) else {
            throw ValidationError("say what the picture is to show")
        }
    }

    func run() async throws {
        let command = self
        try await runCommand(options) { output in try await command.run(output) }
    }

    private func run(_ output: Output) async throws -> ExitStatus {
        let workspace = try Workspace(options.context)
        let connection = try await workspace.connect(
            to: workspace.configuration.imageAccount(named: account.account),
            notice: output.note
        ) { output.note(wait: $0, for: $1) }
        var question = try await question(in: workspace)
        if estimate {
            let estimate = try workspace.estimate(question, connection)
            output.document(JSONImageEstimate(estimate))
            output.line(estimate.line)
            return .done
        }
        let targets = try out.map { try ImageTargets($0, count: count, in: workspace.context.directory) }
        if !force { try targets?.checkFree() }
        question.maxCost = maxCost.flatMap { Dollars($0) }
        let wish = question
        return try await workspace.whileChatting(connection, notice: output.note) {
            let progress = ProgressLine(output)
            defer { progress.clear() }
            let answer = try await workspace.image(wish, connection) { event in
                switch event {
                case .sync(let event): progress.note(event)
                case .notice(let text):
                    progress.clear()
                    output.note(text)
                case .asking(_, let model):
                    progress.clear()
                    if output.progress { output.note("\(printable(model)) draws") }
                default: break
                }
            }
            progress.clear()
            return try await show(answer, targets, workspace, output)
        }
    }

    private func question(in workspace: Workspace) async throws -> ImageQuestion {
        var question = ImageQuestion(prompt: prompt.joined(separator: " "))
        question.model = model ?? workspace.configuration.imageModel(at: account.account)
        (question.count, question.thread) = (count, thread)
        (question.size, question.quality, question.background) = (size, quality, background)
        question.options = requestOptions(settings)
        guard continues else { return question }
        guard let latest = try await workspace.latestThread() else {
            throw WorkspaceError(.cannotStart, "-c: there is no thread yet; ask without -c first")
        }
        question.thread = latest
        return question
    }

    private func show(
        _ answer: ImageAnswer,
        _ targets: ImageTargets?,
        _ workspace: Workspace,
        _ output: Output
    ) async throws -> ExitStatus {
        var documents: [JSONOutput] = []
        for (index, kept) in answer.images.enumerated() {
            guard let digest = kept.digest else {
                documents.append(JSONOutput(kept))
                output.error(kept.line)
                continue
            }
            var file: String?
            if let targets {
                let target = targets.path(of: kept, number: index + 1, kept: answer.images.count)
                file = try await workspace.restore(
                    FoundContent(digest: digest),
                    to: target,
                    replaces: force,
                    notice: output.note
                )
            }
            documents.append(JSONOutput(kept, file: file))
            await output.picture(kept, in: workspace)
            let size = ByteCount(kept.size)
            if let file {
                output.line("\(file)  \(size)  \(output.painted(digest.prefix(12), .grey))")
            } else {
                let name = printable(kept.name)
                let way = output.painted("satchel cat \(digest.prefix(12)) > \(name)", .grey)
                output.line("\(name)  \(size)  \(way)")
            }
        }
        output.document(JSONImage(answer, images: documents))
        if !answer.text.isEmpty { output.info(printableLines(answer.text)) }
        if let usage = answer.usage, usage.cost != nil || output.progress {
            output.note(moneyText(usage, account: answer.account))
        }
        return answer.images.contains { $0.digest == nil } ? .someFailed : .done
    }
}

/// Where `--out` puts pictures.
struct ImageTargets {
    /// Ends in a slash for a folder.
    private let path: String
    private let isFolder: Bool
    private let count: Int
    private let directory: String

    /// - Throws: ``WorkspaceError`` when the folder is not there: what is paid for must have its place.
    init(_ typed: String, count: Int, in directory: String) throws {
        self.count = count
        self.directory = directory
        let absolute = typed.hasPrefix("/") ? typed : "\(directory)/\(typed)"
        isFolder = Self.isFolder(absolute)
        path = typed
        let slash = absolute.lastIndex(of: "/") ?? absolute.startIndex
        let parent = String(absolute[...slash])
        guard isFolder || !typed.hasSuffix("/") && Self.isFolder(parent) else {
            throw WorkspaceError(.cannotStart, "\(printable(typed)): there is no such folder; make it first")
        }
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// A file that is in the way is told before anything is asked; in a folder, names are of the picture's content.
    func checkFree() throws {
        guard !isFolder else { return }
        for number in 1...count {
            let typed = numbered(number, of: count)
            let absolute = typed.hasPrefix("/") ? typed : "\(directory)/\(typed)"
            guard !FileManager.default.fileExists(atPath: absolute) else {
                throw WorkspaceError(
                    .cannotStart,
                    "\(printable(typed)): there is a file already; say --force to replace it, or --out another place"
                )
            }
        }
    }

    func path(of kept: KeptFile, number: Int, kept all: Int) -> String {
        guard isFolder else { return numbered(number, of: all) }
        let name = "image-\(kept.digest?.prefix(12) ?? "").\(usualExtension(of: kept.media))"
        return path.hasSuffix("/") ? path + name : "\(path)/\(name)"
    }

    /// `robot.png`; of several, `robot-2.png`.
    private func numbered(_ number: Int, of all: Int) -> String {
        guard all > 1 else { return path }
        let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let name = path[slash...]
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return "\(path)-\(number)" }
        return "\(path[..<dot])-\(number)\(path[dot...])"
    }
}

extension ImageEstimate {
    /// For people.
    fileprivate var line: String {
        let pictures = count == 1 ? "1 picture" : "\(count) pictures"
        guard let cost else {
            return
                "unpriced: what \(pictures) of \(printable(model)) cost is not known; see prices in the configuration"
        }
        let source = priceSource == .configured ? "your prices" : "published prices of \(PriceTable.date)"
        return "\(cost) for \(pictures) of \(printable(model)) (\(source))"
    }
}

/// The document of `image`.
private struct JSONImage: Encodable {
    struct File: Encodable {
        var path, sha256: String
    }

    var ok: Bool
    var thread, message: Int64
    var model, account: String
    var files: [File]
    /// Words that came with the pictures.
    var text: String?
    var images: [JSONOutput]
    var usage: JSONUsage?
    var cost, costSource: String?

    init(_ answer: ImageAnswer, images: [JSONOutput]) {
        ok = answer.images.allSatisfy { $0.digest != nil }
        (thread, message) = (answer.thread, answer.message)
        (model, account) = (answer.model, answer.account)
        files = answer.files.map { File(path: $0.path.description, sha256: $0.digest.hex) }
        text = answer.text.isEmpty ? nil : answer.text
        self.images = images
        usage = answer.usage.map(JSONUsage.init)
        cost = answer.usage?.cost?.description
        costSource = answer.usage?.costSource?.rawValue
    }
}

/// The document of `image --estimate`.
private struct JSONImageEstimate: Encodable {
    var ok = true
    var account, model: String
    var images: Int
    var cost, costSource: String?

    init(_ estimate: ImageEstimate) {
        (account, model, images) = (estimate.account, estimate.model, estimate.count)
        (cost, costSource) = (estimate.cost?.description, estimate.priceSource?.rawValue)
    }
}
