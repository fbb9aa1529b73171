/// Downloads one file from the hub into a partial blob, and handles everything that may go wrong.
struct HubDownload {
    let client: HubClient
    let request: HubRequest
    let file: RemoteFile

    /// How often a new signed address is asked for without receiving a byte in between.
    private static let mostRenewals = 3
    private static let mostRedirects = 10

    private enum Step {
        case done
        case again(RetryRule.Obstacle)
        case next
        case renew
    }

    /// Downloads the missing bytes of a blob.
    ///
    /// - Parameter progress: called with the number of bytes that are here.
    func run(into blob: PartialBlob, progress: (Int) -> Void) throws(HubError) {
        var rule = RetryRule(
            unit: client.configuration.retryUnit,
            longestPause: client.configuration.longestPause
        )
        var address = file.location
        var renewals = 0
        var redirects = 0
        while blob.count != file.size {
            let start = blob.count
            let reception = Reception(blob)
            let answer = try withoutActuallyEscaping(progress) { (progress) throws(HubError) in
                try client.connection.answer(
                    to: .init(address: address, token: client.token(for: address), start: start),
                    onHead: { status, fields in reception.begin(status, fields, from: start) },
                    onBody: { piece in
                        guard reception.takes, blob.append(piece) else { return false }
                        progress(blob.count)
                        return true
                    }
                )
            }
            if let failure = blob.failure { throw failure }
            if blob.count > start {
                rule.progressed()
                renewals = 0
            }
            switch try step(after: answer, reception, blob) {
            case .done: return
            case .again(let obstacle): try client.pause(after: obstacle, answer, at: address, &rule)
            case .next:
                redirects += 1
                guard redirects <= Self.mostRedirects, let next = try client.redirect(answer, from: address)
                else { throw .redirectRefused(host: address.host, .tooMany(Self.mostRedirects)) }
                address = next
            case .renew:
                renewals += 1
                guard renewals <= Self.mostRenewals else {
                    throw client.failure(answer, at: address, request: request, file: file.name)
                }
                let fresh = try client.describe(file.name, of: request)
                guard fresh.tag == file.tag else { throw .invalidAnswer(host: address.host, .changed) }
                address = fresh.location
                redirects = 0
            }
        }
    }

    /// Decides by an answer what to do next.
    private func step(
        after answer: HubConnection.Answer,
        _ reception: Reception,
        _ blob: PartialBlob
    ) throws(HubError) -> Step {
        if let obstacle = RetryRule.Obstacle(answer) {
            // With an encoded body it is not known how far the decoded one came.
            if reception.isPacked { try blob.reset() }
            return .again(obstacle)
        }
        if HubClient.isRedirect(answer.status) { return .next }
        switch answer.status {
        case 200, 206:
            if blob.isTooLong {
                let count = blob.count
                try blob.reset()
                guard let size = file.size else {
                    throw .invalidAnswer(host: file.location.host, .endlessBody(file: file.name))
                }
                throw .wrongSize(file: file.name, expected: size, received: count + 1)
            }
            guard reception.takes else {
                try blob.reset()
                return .again(.nonsense)
            }
            guard let size = file.size else { return .done }
            guard blob.count < size else { return .done }
            // The answer was complete by its own length, which differs from the file's.
            if reception.isPacked { try blob.reset() }
            return .again(.fault(.lost))
        case 416:
            try blob.reset()
            return .again(.nonsense)
        case 400, 401, 403, 404, 410: return .renew
        default: throw client.failure(answer, at: file.location, request: request, file: file.name)
        }
    }

    /// Reads an answer's header and takes its body.
    private final class Reception {
        private let blob: PartialBlob
        private(set) var takes = false
        private(set) var isPacked = false

        init(_ blob: PartialBlob) { self.blob = blob }

        /// Whether the body is wanted.
        func begin(_ status: Int, _ fields: AnswerFields, from start: Int) -> Bool {
            isPacked = fields.packing != nil
            switch status {
            case 200:
                // This answer is the whole file, whatever was asked for.
                takes = blob.count == 0 || (try? blob.reset()) != nil
            case 206:
                // Ranges of an encoded body count encoded bytes.
                guard let range = fields.range, range.start == start, !isPacked else { return false }
                takes = blob.size == nil || range.total == nil || range.total == blob.size
            default: break
            }
            return takes
        }
    }
}
