internal import FoundationEssentials
internal import SatchelCore

/// A question that is asked later, as a job keeps it.
struct QueuedQuestion: Codable {
    static let kind = "chat"

    var prompt: String
    var naming: String?
    var system: String?
    var account: String?
    var model: String?
    var maxCost: String?
    var schema: String?
    var options: [String: String]
    var verifiesQuotes: Bool
    var usesTools: Bool
    /// What `--auto` may choose.
    var autoTokens: Int?
    var autoFiles: Int?
    var autoCost: String?
    var versions: String?

    init(_ question: ChatQuestion, account: String?, model: String?) {
        (prompt, naming) = (question.prompt, question.naming)
        system = question.system
        self.account = account
        self.model = model
        maxCost = question.wishes.maxCost?.description
        schema = question.wishes.schema
        options = question.wishes.options
        verifiesQuotes = question.wishes.verifiesQuotes
        usesTools = question.usesTools
        autoTokens = question.auto?.tokens
        autoFiles = question.auto?.files
        autoCost = question.auto?.cost?.description
        versions = question.versions?.rawValue
    }

    init?(payload: String) {
        guard let value = try? JSONDecoder().decode(Self.self, from: Data(payload.utf8)) else { return nil }
        self = value
    }

    var payload: String {
        (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// The question as a job asks it, in the thread that the job's row names: that one is forgotten with the thread.
    func question(of job: Int64, in thread: Int64) -> ChatQuestion {
        var question = ChatQuestion(prompt: prompt, thread: thread, system: system, usesTools: usesTools)
        question.naming = naming
        question.wishes.maxCost = maxCost.flatMap { Dollars($0) }
        question.wishes.schema = schema
        question.wishes.options = options
        question.wishes.verifiesQuotes = verifiesQuotes
        if let autoTokens, let autoFiles {
            let cost = autoCost.flatMap { Dollars($0) }
            question.auto = AutoBudget(tokens: autoTokens, files: autoFiles, cost: cost)
        }
        question.versions = versions.flatMap { VersionRule(rawValue: $0) }
        question.job = job
        return question
    }
}
