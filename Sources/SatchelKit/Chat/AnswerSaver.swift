internal import SatchelManifest

/// Writes an answer down while it comes: every quarter of a second or 4 KiB, whichever is first.
///
/// A write that fails is no reason to stop: the whole is written at the end.
actor AnswerSaver {
    private let manifest: Manifest
    private let message: Int64
    private var pending = ""
    private var timer: Task<Void, Never>?
    private var isOver = false

    init(_ manifest: Manifest, message: Int64) {
        self.manifest = manifest
        self.message = message
    }

    func add(_ piece: String) async {
        guard !isOver else { return }
        pending += piece
        if pending.utf8.count >= 4096 {
            await save()
        } else if timer == nil {
            timer = Task {
                // Words come one by one, and each transaction costs: a crash may lose this much of an answer.
                try? await Task.sleep(for: .milliseconds(250))
                await timeIsUp()
            }
        }
    }

    /// From now on the answer is written as a whole.
    ///
    /// The manifest's queue keeps the order of what was begun before.
    func end() {
        isOver = true
        timer?.cancel()
    }

    private func timeIsUp() async {
        timer = nil
        await save()
    }

    private func save() async {
        guard !pending.isEmpty, !isOver else { return }
        let text = pending
        pending = ""
        try? await manifest.append(text, to: message)
    }
}
