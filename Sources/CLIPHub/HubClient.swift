internal import Foundation

/// A file of a repository as the hub describes it.
struct RemoteFile: Equatable {
    let name: String
    /// The commit to which it belongs.
    let commit: String
    /// The tag that names its bytes.
    let tag: String
    /// The number of its bytes; nil if a mirror does not say.
    let size: Int?
    /// The address of the bytes, which may be signed and valid only for a while.
    let location: HubAddress
}

/// Speaks the hub's protocol, on the thread that calls it.
struct HubClient {
    let configuration: HubConfiguration
    let connection: HubConnection
    let isCancelled: @Sendable () -> Bool
    let tell: (HubEvent) -> Void
    let endpoint: HubAddress

    init(
        _ configuration: HubConfiguration,
        isCancelled: @escaping @Sendable () -> Bool,
        tell: @escaping (HubEvent) -> Void
    ) throws(HubError) {
        let problems = configuration.validate()
        guard problems.isEmpty, let endpoint = HubAddress(configuration.endpoint) else {
            throw .invalidConfiguration(problems)
        }
        self.configuration = configuration
        self.isCancelled = isCancelled
        self.tell = tell
        self.endpoint = endpoint
        connection = try HubConnection(configuration, isCancelled: isCancelled)
    }

    /// The most redirects that are followed for one file.
    private static let mostRedirects = 10
    /// The most bytes of a list of files, in which each file takes about 100 bytes.
    private static let mostListBytes = 64 << 20

    // MARK: - What there is

    /// A repository's name, the commit of a revision and all its files, from the hub's API; nil if a mirror has no API.
    func list(_ request: HubRequest) throws(HubError) -> HubJSON.List? {
        let text =
            "\(endpoint.text)/api/models/\(request.repository)/revision/\(HubAddress.part(request.revision))"
        var address = try address(text)
        for _ in 0...Self.mostRedirects {
            var body = Data()
            let answer = try answer(
                to: .init(address: address, token: token(for: address), timeLimit: .seconds(60)),
                reset: { body = Data() },
                onBody: { piece in
                    guard body.count + piece.count <= Self.mostListBytes else { return false }
                    body.append(contentsOf: piece)
                    return true
                }
            )
            if let next = try redirect(answer, from: address) {
                address = next
                continue
            }
            guard answer.status == 200 else {
                // A mirror without this API does not send error codes either.
                if answer.fields["x-error-code"] == nil, ![401, 403].contains(answer.status) { return nil }
                throw failure(answer, at: address, request: request, file: nil)
            }
            return HubJSON.list(body)
        }
        throw .redirectRefused(host: endpoint.host, .tooMany(Self.mostRedirects))
    }

    /// The hub's description of a file.
    ///
    /// Redirects within the host are followed, because of renamed repositories and mirrors. If one leads to another
    /// host, the hub's own header already has all that is needed.
    func describe(_ file: String, of request: HubRequest) throws(HubError) -> RemoteFile {
        var address = try address(
            "\(endpoint.text)/\(request.repository)/resolve/\(HubAddress.part(request.revision))/"
                + HubAddress.path(file)
        )
        for _ in 0...Self.mostRedirects {
            let answer = try answer(
                to: .init(
                    address: address,
                    isHead: true,
                    token: token(for: address),
                    timeLimit: configuration.answerTimeLimit
                )
            )
            let isRedirect = Self.isRedirect(answer.status)
            var location = address
            if isRedirect {
                guard let next = try redirect(answer, from: address) else {
                    throw .redirectRefused(host: address.host, .nowhere)
                }
                let leadsElsewhere = !HubAddress.isRelative(answer.fields["location"] ?? "")
                // A mirror may redirect everything to the hub, and then its own header has nothing.
                guard leadsElsewhere, answer.fields.tag != nil || answer.fields.commit != nil else {
                    address = next
                    continue
                }
                location = next
            } else if answer.status != 200 {
                throw failure(answer, at: address, request: request, file: file)
            }
            guard let commit = answer.fields.commit ?? (request.isPinned ? request.revision : nil) else {
                throw .invalidAnswer(host: address.host, .noCommit)
            }
            guard !request.isPinned || commit == request.revision else {
                throw .invalidAnswer(
                    host: address.host,
                    .otherFile(file, asked: request.revision, given: commit)
                )
            }
            guard let tag = answer.fields.tag else { throw .invalidAnswer(host: address.host, .noTag) }
            guard !answer.fields.hasWrongSize(isRedirect: isRedirect) else {
                throw .invalidAnswer(host: address.host, .noSize(file: file))
            }
            return RemoteFile(
                name: file,
                commit: commit,
                tag: tag,
                size: answer.fields.fileSize(isRedirect: isRedirect),
                location: location
            )
        }
        throw .redirectRefused(host: endpoint.host, .tooMany(Self.mostRedirects))
    }

    // MARK: - Requests

    /// The answer to a request, which is repeated as long as the obstacle may pass.
    private func answer(
        to request: HubConnection.Request,
        reset: @escaping () -> Void = {},
        onBody: @escaping (UnsafeRawBufferPointer) -> Bool = { _ in true }
    ) throws(HubError) -> HubConnection.Answer {
        var rule = RetryRule(unit: configuration.retryUnit, longestPause: configuration.longestPause)
        while true {
            reset()
            let answer = try connection.answer(to: request, onBody: onBody)
            guard let obstacle = RetryRule.Obstacle(answer) else { return answer }
            try pause(after: obstacle, answer, at: request.address, &rule)
        }
    }

    /// Waits as long as the rule says, or throws the error if the request should not be repeated.
    func pause(
        after obstacle: RetryRule.Obstacle,
        _ answer: HubConnection.Answer,
        at address: HubAddress,
        _ rule: inout RetryRule
    ) throws(HubError) {
        let error = lasting(obstacle, answer, at: address)
        guard let pause = rule.pause(after: obstacle) else { throw error }
        tell(.retries(error, pause: pause))
        let end = ContinuousClock.now + pause
        while ContinuousClock.now < end {
            guard !isCancelled() else { throw .cancelled }
            let rest = ContinuousClock.now.duration(to: end)
            usleep(UInt32(max(0, min(rest / .microseconds(1), 100_000))))
        }
    }

    /// The error for an obstacle that does not pass.
    private func lasting(
        _ obstacle: RetryRule.Obstacle,
        _ answer: HubConnection.Answer,
        at address: HubAddress
    ) -> HubError {
        switch obstacle {
        case .fault(let fault): .unreachable(host: address.host, fault)
        case .status(429, let pause):
            .tooManyRequests(
                host: address.host,
                seconds: pause.map { Int(($0 / .seconds(1)).rounded(.up)) }
            )
        case .status(let status, _): .badStatus(status, host: address.host)
        case .nonsense: .invalidAnswer(host: address.host, .wrongRange)
        }
    }

    /// The error for an answer that is not a success.
    func failure(
        _ answer: HubConnection.Answer,
        at address: HubAddress,
        request: HubRequest,
        file: String?
    ) -> HubError {
        let repository = "\(request.repository)"
        let hasToken = configuration.token != nil
        switch answer.fields["x-error-code"] {
        case "RevisionNotFound": return .revisionNotFound(repository, revision: request.revision)
        case "EntryNotFound": return .fileNotFound(repository, file: file ?? "")
        case "GatedRepo": return .gated(repository, hasToken: hasToken)
        case "RepoNotFound": return .repositoryNotFound(repository, hasToken: hasToken)
        default: break
        }
        let message = answer.fields["x-error-message"] ?? ""
        switch answer.status {
        case 401 where message.hasPrefix("Invalid"): return .invalidToken
        case 401: return .repositoryNotFound(repository, hasToken: hasToken)
        case 403: return .forbidden(repository)
        case 404 where file == nil: return .repositoryNotFound(repository, hasToken: hasToken)
        case 404, 410: return .fileNotFound(repository, file: file ?? "")
        default: return .badStatus(answer.status, host: address.host)
        }
    }

    /// The token, for the endpoint only.
    func token(for address: HubAddress) -> String? {
        address.hasOrigin(of: endpoint) ? configuration.token : nil
    }

    static func isRedirect(_ status: Int) -> Bool { [301, 302, 303, 307, 308].contains(status) }

    /// The address to which an answer leads; nil if it is not a redirect.
    func redirect(
        _ answer: HubConnection.Answer,
        from address: HubAddress
    ) throws(HubError) -> HubAddress? {
        guard Self.isRedirect(answer.status) else { return nil }
        guard let location = answer.fields["location"] else {
            throw .redirectRefused(host: address.host, .nowhere)
        }
        guard let next = address.following(location) else {
            throw .redirectRefused(host: address.host, .notHTTP)
        }
        guard next.isSecure || !address.isSecure else {
            throw .redirectRefused(host: address.host, .notSecure)
        }
        return next
    }

    private func address(_ text: String) throws(HubError) -> HubAddress {
        guard let address = HubAddress(text) else {
            throw .invalidConfiguration(configuration.validate())
        }
        return address
    }
}
