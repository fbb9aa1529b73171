import CLIPEngine
import Synchronization
import Testing

@Suite("The budget of bytes")
struct ByteBudgetTests {
    private let mebibyte = 1 << 20

    @Test("What is taken is counted until it is given back, at once or bit by bit")
    func counting() throws {
        let budget = ByteBudget(limit: 256 * mebibyte)
        do {
            let reservation = try #require(budget.reserveNow(100 * mebibyte, for: .input))
            #expect(budget.used == 100 * mebibyte)
            reservation.shrink(to: 40 * mebibyte)
            #expect(budget.used == 40 * mebibyte)
            reservation.shrink(to: 90 * mebibyte)
            #expect(budget.used == 40 * mebibyte)
            reservation.release()
            reservation.release()
            #expect(budget.used == 0)
        }
        #expect(budget.used == 0)
        #expect(budget.highest == 100 * mebibyte)
        withExtendedLifetime(budget.reserveNow(10 * mebibyte, for: .answers)) {
            #expect(budget.used == 10 * mebibyte)
        }
        #expect(budget.used == 0)
    }

    @Test("Later stages find room where earlier ones are full, and small amounts where large ones are")
    func stages() throws {
        let budget = ByteBudget(limit: 256 * mebibyte)
        let input = try #require(budget.reserveNow(budget.most(for: .input), for: .input))
        #expect(budget.reserveNow(2 * mebibyte, for: .input) == nil)
        let small = try #require(budget.reserveNow(mebibyte, for: .input))
        let decoding = try #require(
            budget.reserveNow(budget.most(for: .decoding) - budget.used, for: .decoding)
        )
        #expect(budget.reserveNow(2 * mebibyte, for: .decoding) == nil)
        let answer = try #require(budget.reserveNow(16 * mebibyte, for: .answers))
        #expect(budget.used <= budget.limit)
        withExtendedLifetime((input, small, decoding, answer)) {}
    }

    @Test("What never fits is refused at once, for each purpose by its own figure")
    func tooLarge() async {
        let budget = ByteBudget(limit: 256 * mebibyte)
        for purpose in ByteBudget.Purpose.allCases {
            let most = budget.most(for: purpose)
            await #expect(throws: ByteBudgetError.tooLarge(bytes: most + 1, most: most)) {
                try await budget.reserve(most + 1, for: purpose)
            }
        }
    }

    @Test("Those who wait get in by turns, small ones pass large ones, and one whose task ends is forgotten")
    func turns() async throws {
        let budget = ByteBudget(limit: 256 * mebibyte)
        let most = budget.most(for: .input)
        let first = try #require(budget.reserveNow(most, for: .input))
        let second = Task { try await budget.reserve(most, for: .input) }
        let cancelled = Task { try await budget.reserve(most, for: .input) }
        let third = Task { try await budget.reserve(most / 2, for: .input) }
        try await withExtendedLifetime(budget.reserve(mebibyte, for: .input)) {}
        cancelled.cancel()
        await #expect(throws: ByteBudgetError.cancelled) { try await cancelled.value }
        first.release()
        try await second.value.release()
        try await third.value.release()
        #expect(budget.used == 0)
    }

    @Test("What never fits beside what its asker holds is refused at once")
    func beside() async throws {
        let budget = ByteBudget(limit: 256 * mebibyte)
        let most = budget.most(for: .decoding)
        let body = try #require(budget.reserveNow(20 * mebibyte, for: .input))
        await #expect(throws: ByteBudgetError.tooLarge(bytes: most + 1, most: most)) {
            try await budget.reserve(most - 20 * mebibyte + 1, for: .decoding, beside: body.byteCount)
        }
        try await budget.reserve(most - 20 * mebibyte, for: .decoding, beside: body.byteCount).release()
    }

    @Test("Two who wait for what the other holds give up in time, and hold up nobody else until then")
    func mutualWait() async throws {
        let budget = ByteBudget(limit: 256 * mebibyte, longestWait: .seconds(6))
        let bodies = try (1...2).map { _ in try #require(budget.reserveNow(60 * mebibyte, for: .input)) }
        let waiting = (1...2).map { _ in
            Task { try await budget.reserve(130 * mebibyte, for: .decoding, beside: 60 * mebibyte) }
        }
        // Longer than others pass one that would get its room.
        try await Task.sleep(for: .seconds(2.2))
        try await budget.reserve(40 * mebibyte, for: .decoding).release()
        #expect(budget.reserveNow(30 * mebibyte, for: .decoding) != nil)
        for task in waiting {
            await #expect(throws: ByteBudgetError.noRoom) { try await task.value }
        }
        bodies.forEach { $0.release() }
        #expect(budget.used == 0)
    }

    @Test("An answer that waits only for others to leave waits as long as it takes")
    func patientAnswer() async throws {
        let budget = ByteBudget(limit: 64 * mebibyte, longestWait: .milliseconds(20))
        let first = try #require(budget.reserveNow(40 * mebibyte, for: .answers))
        let second = Task { try await budget.reserve(40 * mebibyte, for: .answers) }
        try await Task.sleep(for: .milliseconds(150))
        first.release()
        try await second.value.release()
    }

    @Test("However many ask at once, the limit is never passed and all are served")
    func crowd() async throws {
        let budget = ByteBudget(limit: 64 * mebibyte, longestWait: .seconds(120))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<400 {
                group.addTask {
                    let purpose = ByteBudget.Purpose.allCases[number % 4]
                    let bytes = (number * 7919) % budget.most(for: purpose) + 1
                    let reservation = try await budget.reserve(bytes, for: purpose)
                    await Task.yield()
                    reservation.shrink(to: bytes / 2)
                    await Task.yield()
                    reservation.release()
                }
            }
            try await group.waitForAll()
        }
        #expect(budget.used == 0)
        #expect(budget.highest <= budget.limit)
    }
}
