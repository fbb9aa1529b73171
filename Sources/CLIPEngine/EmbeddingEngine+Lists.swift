/// Long lists of texts are computed in pieces, so that no other request waits for a whole list.
extension EmbeddingEngine {
    /// How many texts of a list are claimed, computed and cached together: a few batches.
    ///
    /// A caption of another request never waits for the later pieces of a list that contains it, and finds the
    /// embeddings of finished pieces in the cache.
    private static let pieceLength = 64
    /// Pieces under way at once, so that all threads have work.
    private static let piecesInHand = 4

    /// The order in which a list's texts are computed: those that begin alike cost less in one pass.
    static func order(of tokens: [[Int32]]) -> [Int] {
        tokens.indices.sorted { tokens[$0].lexicographicallyPrecedes(tokens[$1]) }
    }

    /// Embeddings of a list's token sequences, in its order.
    func embeddings(
        ofList tokens: [[Int32]],
        by model: LoadedModel,
        request: AdmittedRequest
    ) async throws(EmbeddingError) -> Batcher.Outcome {
        let start = ContinuousClock.now
        let order = Self.order(of: tokens)
        let pieces = stride(from: 0, to: tokens.count, by: Self.pieceLength).map { first in
            first..<min(first + Self.pieceLength, tokens.count)
        }
        typealias Attempt = (piece: Int, result: Result<Batcher.Outcome, EmbeddingError>)
        let outcomes = await withTaskGroup(of: Attempt.self) { group in
            var outcomes = [Result<Batcher.Outcome, EmbeddingError>?](repeating: nil, count: pieces.count)
            var next = 0
            func startNext() {
                guard next < pieces.count, !Task.isCancelled else { return }
                let (number, piece) = (next, order[pieces[next]].map { tokens[$0] })
                group.addTask {
                    (number, await Self.embeddings(ofPiece: piece, by: model, client: request.client))
                }
                next += 1
            }
            for _ in 0..<Self.piecesInHand { startNext() }
            while let attempt = await group.next() {
                outcomes[attempt.piece] = attempt.result
                request.finished(pieces[attempt.piece].count)
                if case .failure = attempt.result {
                    next = pieces.count
                    group.cancelAll()
                }
                startNext()
            }
            return outcomes
        }
        guard !Task.isCancelled else { throw .cancelled }
        // A piece that was cancelled because another one failed is not the cause.
        for case .failure(let error)? in outcomes where error != .cancelled { throw error }
        var embeddings = [Embedding](repeating: Embedding(values: []), count: tokens.count)
        var queue = Duration.zero
        for (number, outcome) in outcomes.enumerated() {
            guard let outcome else { throw .cancelled }
            let piece = try outcome.get()
            for (index, embedding) in zip(order[pieces[number]], piece.embeddings) {
                embeddings[index] = embedding
            }
            if number == 0 { queue = piece.queue }
        }
        return Batcher.Outcome(
            embeddings: embeddings,
            queue: queue,
            forward: ContinuousClock.now - start - queue
        )
    }

    private static func embeddings(
        ofPiece tokens: [[Int32]],
        by model: LoadedModel,
        client: String?
    ) async -> Result<Batcher.Outcome, EmbeddingError> {
        do throws(EmbeddingError) {
            return .success(
                try await model.textSide().cache.embeddings(for: tokens, isOfList: true, client: client) {
                    (indexes) async throws(EmbeddingError) in
                    try await model.worker.embed(
                        tokens: indexes.map { tokens[$0] },
                        isOfList: true,
                        client: client
                    )
                }
            )
        } catch {
            return .failure(error)
        }
    }

    /// Reserves room for the embeddings of so many items and for the JSON that is made of them; nil for a few items,
    /// which cost little.
    ///
    /// - Parameter others: bytes that the answer needs besides those.
    /// - Throws: as ``roomForAnswer(ofBytes:terms:)``.
    func roomForAnswer(
        of items: Int,
        by model: LoadedModel,
        with others: Int = 0,
        terms: RequestTerms
    ) async throws(EmbeddingError) -> ByteReservation? {
        let bytes = items * model.description.embeddingWidth * Self.bytesPerNumber + others
        return try await roomForAnswer(ofBytes: bytes, terms: terms)
    }

    /// Reserves room for an answer, to be kept until the client has read it; nil for a short answer.
    ///
    /// - Throws: `tooMuchMemory` if the budget can never hold that many bytes beside what the request holds;
    ///   `overloaded` if other requests do not give back enough in time; `cancelled`.
    package func roomForAnswer(
        ofBytes bytes: Int,
        terms: RequestTerms
    ) async throws(EmbeddingError) -> ByteReservation? {
        guard bytes > Self.largestUncounted else { return nil }
        return try await room(ofBytes: bytes, for: .answers, terms: terms) { bytes, limit in
            .tooMuchMemory(bytes: bytes, limit: limit)
        }
    }

    /// Reserves room for something of a request.
    ///
    /// - Parameter tooLarge: the error if the budget can never hold it, of the bytes and the most that there are.
    func room(
        ofBytes bytes: Int,
        for purpose: ByteBudget.Purpose,
        terms: RequestTerms,
        tooLarge: (Int, Int) -> EmbeddingError
    ) async throws(EmbeddingError) -> ByteReservation {
        do throws(ByteBudgetError) {
            return try await budget.reserve(
                bytes,
                for: purpose,
                beside: terms.heldBytes,
                client: terms.client
            )
        } catch {
            switch error {
            case .cancelled: throw .cancelled
            case .noRoom:
                metrics.reject(.memory)
                throw .roomTaken
            case .tooLarge(let bytes, let most):
                metrics.reject(.memory)
                throw tooLarge(bytes, most)
            }
        }
    }

    /// Refuses an answer for which there never is room, before anything is computed for it.
    ///
    /// - Throws: `tooMuchMemory`.
    func requireRoomForAnswer(ofBytes bytes: Int, terms: RequestTerms) throws(EmbeddingError) {
        let most = budget.most(for: .answers)
        guard bytes > Self.largestUncounted, bytes + terms.heldBytes > most else { return }
        metrics.reject(.memory)
        throw .tooMuchMemory(bytes: bytes + terms.heldBytes, limit: most)
    }

    /// A float, and its shortest decimal form as a double with a comma.
    private static let bytesPerNumber = 4 + 22
    /// Room for eight embeddings of a large model, and for more of a small one.
    private static let largestUncounted = 256 << 10
}
