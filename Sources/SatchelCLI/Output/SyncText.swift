import FoundationEssentials
import SatchelCore
import SatchelKit

extension Output {
    /// One action of a sync, as a line.
    func text(of entry: SyncReport.Entry, account: String, now: Date) -> String {
        let path = entry.path?.description ?? ""
        switch entry.kind {
        case .upload, .rehydrate:
            var parts = [painted(entry.kind == .upload ? "↑" : "↻", .green), path]
            if let size = entry.size { parts.append(painted("\(ByteCount(size))", .grey)) }
            parts.append(painted(account, .grey))
            if let remote = entry.remote {
                let id = remote.id.description
                parts.append(painted(id.count > 40 ? String(id.prefix(12)) + "…" : id, .grey))
                if let expires = remote.expiresAt { parts.append(painted(timeLeft(until: expires, now: now), .grey)) }
            }
            if entry.remote == nil || verbose { parts.append(painted("(\(entry.because))", .grey)) }
            return parts.joined(separator: "  ")
        case .link: return "\(painted("=", .green))  \(path)  \(painted(entry.because, .grey))"
        case .forget: return "\(painted("-", .yellow))  \(path)  \(painted(entry.because, .grey))"
        case .delete:
            let name = entry.digest?.prefix(12) ?? ""
            return "\(painted("×", .yellow))  copy \(name) at \(account)  \(painted(entry.because, .grey))"
        }
    }

    private func timeLeft(until date: Date, now: Date) -> String {
        let seconds = Int64(date.timeIntervalSince(now))
        guard seconds > 0 else { return "expired" }
        if seconds >= 172_800 { return "expires in \((seconds + 43200) / 86400)d" }
        if seconds >= 5400 { return "expires in \((seconds + 1800) / 3600)h" }
        return "expires in \(max(1, seconds / 60))m"
    }

    func text(of failure: SyncReport.Failure) -> String {
        "\(painted("✗", .red))  \(failure.subject)\(failure.message)"
    }

    /// The last line of a sync: sums that add up.
    func text(of report: SyncReport) -> String {
        let sums = report.summary
        var parts: [String] = []
        func add(_ count: Int, _ word: String, always: Bool = false, detail: String? = nil) {
            guard count > 0 || always else { return }
            parts.append("\(count) \(word)\(detail.map { " (\($0))" } ?? "")")
        }
        let isPlan = report.isDryRun
        add(
            sums.uploaded,
            isPlan ? "to upload" : "uploaded",
            always: true,
            detail: sums.uploaded > 0 ? "\(ByteCount(sums.bytesUploaded))" : nil
        )
        add(sums.rehydrated, isPlan ? "to rehydrate" : "rehydrated")
        add(sums.linked, isPlan ? "to link" : "linked")
        add(sums.unchanged, "unchanged", always: true)
        let reasons = report.skippedByReason.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\($0.value) \($0.key.replacing("_", with: " "))" }.joined(separator: ", ")
        add(sums.skipped, "skipped", detail: reasons)
        add(sums.failed, "failed")
        var text = "\(sums.found) found: " + parts.joined(separator: ", ")
        var after: [String] = []
        if sums.forgotten > 0 { after.append("\(sums.forgotten) \(isPlan ? "to forget" : "forgotten")") }
        if sums.deleted > 0 { after.append("\(sums.deleted) \(isPlan ? "copies to delete" : "copies deleted")") }
        if !after.isEmpty { text += "; " + after.joined(separator: ", ") }
        return text
    }

    /// Failures, the stop and the sums: what remains to be said when the lines of a sync are out.
    func finish(_ report: SyncReport) {
        let told = FailureText(report, verbose: verbose)
        for line in told.lines { error(line) }
        for skipped in report.blocked {
            for place in secretPlaces(in: skipped.reason.secrets, of: "\(skipped.path)") {
                error("\(place): not sent; \(SkipReason.secretRemedy)")
            }
        }
        for skipped in report.warned {
            for place in secretPlaces(in: skipped.reason.secrets, of: "\(skipped.path)") {
                note("\(place): \(report.isDryRun ? "would be sent" : "sent") all the same, because gate.mode is warn")
            }
        }
        if verbose {
            for skipped in report.skipped {
                info("\(painted("·", .grey))  \(skipped.path)\(skipped.isFolder ? "/" : "")  \(skipped.reason)")
            }
        }
        info(text(of: report))
        if let stop = report.stopText { error(stop) }
    }
}
