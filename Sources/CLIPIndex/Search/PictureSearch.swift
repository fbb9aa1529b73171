package import CLIPEngine
internal import Synchronization

/// Finds the pictures of an index for whoever asks a server: by texts, by pictures, and by pictures of the index.
package final class PictureSearch: Sendable {
    private let index: any SearchableIndex
    private let engine: EmbeddingEngine
    /// What the engine calls the model whose vectors the index holds.
    package let model: String
    private let queue: SearchQueue
    private let isVerified = Atomic(false)
    private let count = Mutex<Int?>(nil)
    let files: IndexedFiles

    /// - Parameters:
    ///   - engine: which has the index's model, or may load it.
    ///   - threads: that a search takes.
    /// - Throws: `noModel`.
    package init(
        _ index: any SearchableIndex,
        by engine: EmbeddingEngine,
        threads: Int
    ) throws(PictureSearchError) {
        // An index says by what name requests call its model, and by what name an operator does.
        let names = [index.model.name, index.model.source].filter { !$0.isEmpty }
        guard let name = names.lazy.compactMap({ try? engine.modelName(of: $0) }).first else {
            throw .noModel(name: index.model.name)
        }
        (self.index, self.engine, model) = (index, engine, name)
        queue = SearchQueue(index, threads: threads)
        files = IndexedFiles(index, by: engine)
    }

    /// The number format of the forward passes that made the index's vectors.
    package var precision: String { index.model.precision }

    /// How many pictures there were when all were last searched, which is known without asking the index; nil before ``prepare``.
    package var pictureCount: Int? { count.withLock { $0 } }

    /// What is looked for.
    package struct Question: Sendable {
        package struct Term: Sendable {
            package enum Subject: Sendable {
                case item(ComparisonItem)
                /// A picture of the index.
                case picture(id: Int)
            }

            package let subject: Subject
            package let weight: Double

            package init(_ subject: Subject, weight: Double = 1) {
                (self.subject, self.weight) = (subject, weight)
            }
        }

        /// What is added up, one at least.
        package var terms: [Term]
        package var top: Int
        package var minScore: Double?
        /// Only pictures below this folder, as its path stands in the index; it is compared, and never opened.
        package var folder: String?

        package init(terms: [Term], top: Int, minScore: Double? = nil, folder: String? = nil) {
            (self.terms, self.top, self.minScore, self.folder) = (terms, top, minScore, folder)
        }
    }

    package struct Answer: Sendable {
        /// The best first.
        package let matches: [ImageIndex.Match]
        /// Pictures that were compared.
        package let searched: Int
        /// How many searches shared the pass over the vectors, this one included.
        package let together: Int
        package let report: RequestReport
    }

    /// Loads the index and looks whether its model is the engine's, so that the first search does not have to.
    ///
    /// - Parameter loadingModel: whether the model is loaded for that; otherwise the first search that needs it does.
    package func prepare(loadingModel: Bool = true) async throws(PictureSearchError) {
        if loadingModel { try await requireModel(RequestTerms()) }
        // Any query will do.
        var query = ImageIndex.Query(index.model.sample, top: 1)
        query.mostPaths = 1
        do throws(IndexError) { note(try await index.search([query]).searched) } catch { throw .index(error) }
    }

    private func note(_ searched: Int) { count.withLock { $0 = searched } }

    /// Finds the pictures that fit best.
    package func search(
        for question: Question,
        terms: RequestTerms
    ) async throws(PictureSearchError) -> Answer {
        let (parts, embedded) = try await embeddings(of: question.terms, terms)
        let sum = try Self.sum(of: parts, weighted: question.terms.map(\.weight), for: index.model)
        var scope = IndexFile.Scope()
        scope.folder = question.folder
        // A picture of the index that is all that was asked for is no answer.
        let excluded: Int? =
            if question.terms.count == 1, case .picture(let id) = question.terms[0].subject { id } else {
                nil
            }
        var query = ImageIndex.Query(
            sum,
            top: question.top,
            minScore: question.minScore.map { Float($0) } ?? -.infinity,
            scope: scope,
            excluding: excluded
        )
        // An answer has the first, and their number.
        query.mostPaths = 1
        let start = ContinuousClock.now
        let outcome = try await found(query, terms)
        if question.folder == nil { note(outcome.searched) }
        var report = embedded ?? RequestReport(model: model, timings: StageTimings())
        report.timings.search = ContinuousClock.now - start
        return Answer(
            matches: outcome.matches,
            searched: outcome.searched,
            together: outcome.together,
            report: report
        )
    }

    private func found(
        _ query: ImageIndex.Query,
        _ terms: RequestTerms
    ) async throws(PictureSearchError) -> SearchQueue.Outcome {
        let result: Result<SearchQueue.Outcome, PictureSearchError>
        do throws(EmbeddingError) {
            result = try await engine.withPlace(forSeconds: queue.expectedSeconds, terms: terms) {
                () async throws(EmbeddingError) in
                do throws(PictureSearchError) {
                    return .success(try await queue.search(query, client: terms.client))
                } catch {
                    return .failure(error)
                }
            }
        } catch {
            throw .engine(error, term: nil)
        }
        return try result.get()
    }

    // MARK: Embeddings

    /// An embedding for each term, and what they cost if any had to be computed.
    private func embeddings(
        of terms: [Question.Term],
        _ requestTerms: RequestTerms
    ) async throws(PictureSearchError) -> ([[Float]], RequestReport?) {
        var parts = [[Float]](repeating: [], count: terms.count)
        var items: [(place: Int, item: ComparisonItem)] = []
        for (place, term) in terms.enumerated() {
            switch term.subject {
            case .item(let item): items.append((place, item))
            // What is quickly found to be wrong is found before anything is computed.
            case .picture(let id): parts[place] = try await embedding(ofPicture: id)
            }
        }
        guard !items.isEmpty else { return (parts, nil) }
        try await requireModel(requestTerms)
        let result: EmbeddingResult
        do throws(EmbeddingError) {
            result = try await engine.embed(items: items.map(\.item), model: model, terms: requestTerms)
        } catch {
            let position = error.position(among: items.map(\.item))
            throw .engine(error, term: position.map { items[$0].place })
        }
        for (item, embedding) in zip(items, result.embeddings) {
            parts[item.place] = embedding.normalized.values
        }
        return (parts, result.report)
    }

    private func embedding(ofPicture id: Int) async throws(PictureSearchError) -> [Float] {
        let embedding: [Float]?
        do throws(IndexError) {
            embedding = try await index.embedding(ofID: id)
        } catch {
            throw .index(error)
        }
        guard let embedding else {
            throw Task.isCancelled ? .engine(.cancelled, term: nil) : .noPicture(id: id)
        }
        return embedding
    }

    /// The weighted sum of vectors of length one, as a vector of length one.
    ///
    /// - Parameter model: the index's.
    /// - Throws: `cancelsOut`, and that the model is another one if a vector is not as wide as its vectors: an index can be made anew
    ///   for another model between the reading of two of its rows.
    package static func sum(
        of parts: [[Float]],
        weighted weights: [Double],
        for model: IndexedModel
    ) throws(PictureSearchError) -> [Float] {
        var sum = [Double](repeating: 0, count: model.width)
        for (part, weight) in zip(parts, weights) {
            do throws(IndexError) { try model.requireWidth(of: part) } catch { throw .index(error) }
            for (place, value) in part.enumerated() { sum[place] += weight * Double(value) }
        }
        let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
        // What is left of equal vectors are the errors of their numbers, which point anywhere.
        let greatest = weights.reduce(0) { max($0, abs($1)) }
        guard length.isFinite, length > 1e-4 * greatest else { throw .cancelsOut }
        return sum.map { Float($0 / length) }
    }

    /// Looks whether the engine's model makes the vectors that the index holds, until it was found that it does.
    private func requireModel(_ terms: RequestTerms) async throws(PictureSearchError) {
        guard !isVerified.load(ordering: .acquiring) else { return }
        let own: IndexedModel
        do throws(EmbeddingError) {
            own = try await IndexedModel(of: engine, named: model, terms: terms)
        } catch {
            throw .engine(error, term: nil)
        }
        // The engine may know it by another name.
        let named = IndexedModel(name: index.model.name, precision: own.precision, sample: own.sample)
        do throws(IndexError) { try index.model.require(named) } catch { throw .index(error) }
        isVerified.store(true, ordering: .releasing)
    }
}
