internal import Foundation

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// How much memory this process may use, and what limits it.
public struct MachineMemory: Equatable, Sendable {
    /// The kinds of limits.
    public enum Bound: String, Sendable {
        /// The memory of the machine.
        case machine = "the machine's memory"
        /// A limit of a control group, such as a container's.
        case cgroup = "the control group's limit"
        /// A limit of address space, such as `ulimit -v`.
        case addressSpace = "the limit of address space"
    }

    /// The limit in bytes.
    public let limit: Int
    /// What sets the limit.
    public let bound: Bound

    /// A known limit.
    package init(limit: Int, bound: Bound) {
        self.limit = limit
        self.bound = bound
    }

    /// The lowest of the machine's memory, the limits of the process's control groups, and its limit of address space.
    public static var current: MachineMemory {
        var least = MachineMemory(
            limit: Int(clamping: ProcessInfo.processInfo.physicalMemory),
            bound: .machine
        )
        func consider(_ limit: Int?, _ bound: Bound) {
            if let limit, limit > 0, limit < least.limit { least = MachineMemory(limit: limit, bound: bound) }
        }
        for file in controlGroupFiles { consider(number(in: file), .cgroup) }
        consider(addressSpace, .addressSpace)
        return least
    }

    /// A budget for what requests make the process hold, in bytes: a quarter of the limit, at least 128 MB and at most
    /// 8 GB.
    ///
    /// Models and caches need memory too, and other programs may run on the machine.
    public var budget: Int { min(max(limit / 4, 128_000_000), 8_000_000_000) }

    /// The files that may hold a limit: of cgroup versions 2 and 1, of the process's own group and of the groups around
    /// it.
    private static var controlGroupFiles: [String] {
        var files = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        let lines = text(of: "/proc/self/cgroup")?.split(separator: "\n") ?? []
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let (root, file) =
                parts[1].isEmpty
                ? ("/sys/fs/cgroup", "memory.max") : ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            guard parts[1].isEmpty || parts[1].split(separator: ",").contains("memory") else { continue }
            var path = ""
            for name in parts[2].split(separator: "/") where name != ".." {
                path += "/\(name)"
                files.append("\(root)\(path)/\(file)")
            }
        }
        return files
    }

    /// The number in a file; nil for a word such as `max`, and if there is no such file.
    private static func number(in file: String) -> Int? {
        text(of: file).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    private static func text(of file: String) -> String? {
        try? String(contentsOfFile: file, encoding: .utf8)
    }

    private static var addressSpace: Int? {
        var limits = rlimit()
        #if os(Linux)
        let status = getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limits)
        #else
        let status = getrlimit(RLIMIT_AS, &limits)
        #endif
        guard status == 0 else { return nil }
        return Int(exactly: limits.rlim_cur)
    }
}
