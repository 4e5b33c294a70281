internal import SatchelCore
internal import SatchelManifest

extension ChatTurn {
    /// Fetches what tools of the provider have made, at once: containers live for minutes.
    ///
    /// - Parameters:
    ///   - isOver: whether the answer ended well; of one that broke off, only what came with it is kept.
    ///   - observe: told of each.
    mutating func keepMade(isOver: Bool, observe: (ChatProgress) -> Void) async {
        for (index, file) in made.enumerated() where index >= outputs.count {
            if !isOver, !file.isHere { continue }
            let kept = await keep(file, number: index + 1)
            outputs.append(kept)
            observe(.kept(kept))
        }
    }

    private func keep(_ file: MadeFile, number: Int) async -> KeptFile {
        let name = outputName(file.name, number: number)
        guard number <= MadeFile.most else {
            return KeptFile(lost: name, because: "an answer may bring \(MadeFile.most) files")
        }
        do throws(ProviderError) {
            let fetched = try await model.fetch(file, upTo: workspace.configuration.keep.maxFileSize)
            let proposed = file.name ?? fetched.name
            return await workspace.keep(
                fetched.bytes,
                called: outputName(proposed, number: number, media: sniffedMedia(of: fetched.bytes))
            )
        } catch {
            return KeptFile(lost: name, because: error.message)
        }
    }
}

extension MadeFile {
    fileprivate var isHere: Bool { if case .here = place { true } else { false } }
}

extension Manifest.Message {
    /// The answer as it goes back to a model: with a word on what was made, which it is not shown again.
    var words: String {
        let names = outputs.filter { $0.digest != nil }.map { printable($0.name) }
        guard !names.isEmpty else { return text }
        return "\(text)\(text.isEmpty ? "" : "\n\n")[made with this answer: \(names.joined(separator: ", "))]"
    }
}
