import CLIPEngine
import CLIPIndex
import CLIPTestSupport
import Testing

@Suite("Searches that come together", .timeLimit(.minutes(2)))
struct SearchQueueTests {
    private let index: HeldIndex
    private let queue: SearchQueue

    init() throws {
        index = try HeldIndex()
        queue = SearchQueue(index, threads: 2)
    }

    private func query(_ number: Int, below folder: String? = nil) -> ImageIndex.Query {
        ImageIndex.Query([1, 0], top: number, scope: IndexFile.Scope(folder: folder))
    }

    /// Searches side by side, of which the first has begun its pass before the others come.
    private func together(
        _ queries: [ImageIndex.Query],
        then act: () async throws -> Void
    ) async throws -> [Result<SearchQueue.Outcome, any Error>] {
        try await withThrowingTaskGroup(of: (Int, Result<SearchQueue.Outcome, any Error>).self) { group in
            for (place, query) in queries.enumerated() {
                group.addTask { [queue] in
                    do {
                        return (place, .success(try await queue.search(query, client: "client \(place % 3)")))
                    } catch {
                        return (place, .failure(error))
                    }
                }
                if place == 0 { try await eventually { index.passes.count == 1 } }
            }
            try await eventually { queue.waitingCount == queries.count - 1 }
            try await act()
            var outcomes: [(Int, Result<SearchQueue.Outcome, any Error>)] = []
            for try await outcome in group { outcomes.append(outcome) }
            return outcomes.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    @Test("What comes during a pass goes through the next one together, and everybody gets the own answer")
    func sharing() async throws {
        let outcomes = try await together((1...41).map { query($0) }) { index.release() }
        #expect(index.passes.map(\.count) == [1, 32, 8])
        for (place, outcome) in outcomes.enumerated() {
            let found = try outcome.get()
            #expect(found.matches.map(\.id) == [place + 1] && found.searched == 2)
            #expect(
                found.together == (place == 0 ? 1 : index.passes[1].contains { $0.top == place + 1 } ? 32 : 8)
            )
        }
        #expect(queue.expectedSeconds > 0)
        // Nobody waits any more, and the next one begins a pass again.
        #expect(try await queue.search(query(7), client: nil).together == 1)
    }

    @Test(
        "Those that look below different folders do not share a pass, however alike the folders' names look"
    )
    func scopes() async throws {
        let folders = [nil, "/a", "/\u{E9}", "/e\u{301}", "/a", "/e\u{301}"]
        let outcomes = try await together(folders.enumerated().map { query($0.0, below: $0.1) }) {
            index.release()
        }
        #expect(outcomes.allSatisfy { (try? $0.get()) != nil })
        #expect(index.passes.count == 4)
        for pass in index.passes {
            #expect(Set(pass.map { Array(($0.scope.folder ?? "").utf8) }).count == 1)
        }
    }

    @Test("A failure is told to those of its pass, and the next pass is made all the same")
    func failure() async throws {
        let outcomes = try await together([query(1), query(2)]) {
            index.release(failing: .busy(path: "index"))
        }
        for outcome in outcomes {
            #expect { try outcome.get() } throws: {
                $0 as? PictureSearchError == .index(.busy(path: "index"))
            }
        }
        index.release()
        #expect(try await queue.search(query(3), client: nil).matches.map(\.id) == [3])
    }

    @Test("Who leaves is not searched for")
    func cancelled() async throws {
        let first = Task { [queue] in try await queue.search(query(1), client: nil) }
        try await eventually { index.passes.count == 1 }
        let second = Task { [queue] in try await queue.search(query(2), client: nil) }
        try await eventually { queue.waitingCount == 1 }
        second.cancel()
        await #expect(throws: PictureSearchError.engine(.cancelled, term: nil)) { try await second.value }
        #expect(queue.waitingCount == 0)
        index.release()
        #expect(try await first.value.matches.map(\.id) == [1])
        #expect(index.passes.count == 1)
        // Nor is who had left before.
        let third = Task { [queue] in
            while !Task.isCancelled { await Task.yield() }
            return try await queue.search(query(3), client: nil)
        }
        third.cancel()
        await #expect(throws: PictureSearchError.engine(.cancelled, term: nil)) { try await third.value }
        #expect(index.passes.count == 1)
    }
}
