internal import Foundation

/// How much of the machine's processors this process may use.
public struct MachineProcessors: Equatable, Sendable {
    /// Cores that the process may run on.
    ///
    /// `taskset` and a container's set of processors make them fewer than the machine has.
    public let cores: Int
    /// Cores' worth of time that its control groups let it have, as `docker run --cpus` and Kubernetes' `limits.cpu` set it; nil for
    /// any.
    public let quota: Double?

    package init(cores: Int, quota: Double?) {
        (self.cores, self.quota) = (cores, quota)
    }

    /// What this process has now.
    public static var current: MachineProcessors {
        let text = { (file: String) in try? String(contentsOfFile: file, encoding: .utf8) }
        return MachineProcessors(
            cores: min(
                allowedCores(status: text("/proc/self/status") ?? "") ?? .max,
                ProcessInfo.processInfo.activeProcessorCount
            ),
            quota: quota(groups: text("/proc/self/cgroup") ?? "", text: text)
        )
    }

    /// As many threads as find a core: a part of one counts as one.
    ///
    /// More would use up the time of all early in each period, and then stand still together.
    public var threads: Int { max(1, Int(min(Double(cores), (quota ?? .infinity).rounded(.up)))) }

    /// What decides about ``threads``.
    package var reason: String {
        threads < cores ? "the control group's quota" : "the cores of this process"
    }

    /// The least time that any of the control groups allows, in cores; nil where none has a limit.
    ///
    /// A group has no more than those that it lies in, so all of them are looked at: `cpu.max` in version 2, `cpu.cfs_quota_us` and
    /// `cpu.cfs_period_us` in version 1.
    ///
    /// - Parameters:
    ///   - groups: as `/proc/self/cgroup` lists them.
    ///   - text: what is in a file; nil where there is none.
    package static func quota(groups: String, text: (_ file: String) -> String?) -> Double? {
        var quotas: [Double] = []
        for line in groups.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let isVersion2 = parts[1].isEmpty
            guard isVersion2 || parts[1].split(separator: ",").contains("cpu") else { continue }
            var folder = isVersion2 ? root : "\(root)/cpu"
            // A container sees its own group as the root, by whatever path it is listed.
            for name in [""] + parts[2].split(separator: "/").filter({ $0 != ".." }) {
                if !name.isEmpty { folder += "/\(name)" }
                let words =
                    isVersion2
                    ? text("\(folder)/cpu.max")?.split(whereSeparator: \.isWhitespace).map(String.init) ?? []
                    : ["quota", "period"].compactMap { text("\(folder)/cpu.cfs_\($0)_us") }
                let numbers = words.map { Double($0.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0 }
                if numbers.count == 2, numbers[0] > 0, numbers[1] > 0 {
                    quotas.append(numbers[0] / numbers[1])
                }
            }
        }
        return quotas.min()
    }

    /// Where control groups are mounted.
    private static let root = "/sys/fs/cgroup"

    /// Cores that the system lets this process run on, such as three for `Cpus_allowed_list: 0-1,4`; nil where it does not say.
    ///
    /// There may be numbers of cores among them that the machine has not.
    ///
    /// - Parameter status: as `/proc/self/status` has it.
    package static func allowedCores(status: String) -> Int? {
        let name = "Cpus_allowed_list:"
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else {
            return nil
        }
        var count = 0
        for range in line.dropFirst(name.count).split(separator: ",") {
            let ends = range.split(separator: "-").map { Int($0.trimmingCharacters(in: .whitespaces)) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last, last < 1 << 20
            else {
                return nil
            }
            count += last - first + 1
        }
        return count > 0 ? count : nil
    }
}
