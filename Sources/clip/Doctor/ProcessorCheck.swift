package import CLIPEngine
internal import Foundation

/// Checks the processor, and how much of it this process may use.
package struct ProcessorCheck {
    /// The system's description of it.
    private let description: String
    /// The number of processors on which this process may run.
    private let cores: Int
    /// The processor time that the process's control groups allow, in processors; nil for no limit.
    private let quota: Double?

    private static let group = "processor"

    package init(description: String, cores: Int, quota: Double?) {
        (self.description, self.cores, self.quota) = (description, cores, quota)
    }

    /// The processor of this machine.
    static var current: ProcessorCheck {
        ProcessorCheck(
            description: text(of: "/proc/cpuinfo") ?? "",
            cores: ProcessInfo.processInfo.activeProcessorCount,
            quota: quota(groups: text(of: "/proc/self/cgroup") ?? "", root: "/sys/fs/cgroup")
        )
    }

    /// The lowest limit on processor time among the control groups, in processors.
    ///
    /// - Parameters:
    ///   - groups: the contents of `/proc/self/cgroup`.
    ///   - root: the place where control groups are mounted.
    package static func quota(groups: String, root: String) -> Double? {
        var quotas: [Double] = []
        for line in groups.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3, parts[1].isEmpty || parts[1].split(separator: ",").contains("cpu") else {
                continue
            }
            var folder = parts[1].isEmpty ? root : "\(root)/cpu"
            for name in [""] + parts[2].split(separator: "/").filter({ $0 != ".." }) {
                if !name.isEmpty { folder += "/\(name)" }
                let (most, period) =
                    if parts[1].isEmpty {
                        pair(text(of: "\(folder)/cpu.max"))
                    } else {
                        (
                            number(text(of: "\(folder)/cpu.cfs_quota_us")),
                            number(text(of: "\(folder)/cpu.cfs_period_us"))
                        )
                    }
                if let most, let period, most > 0, period > 0 { quotas.append(most / period) }
            }
        }
        return quotas.min()
    }

    /// The processor's model, its instructions, the precision, and the cores.
    ///
    /// - Parameters:
    ///   - native: the precisions for which it has instructions.
    ///   - asked: the precision that was asked for.
    ///   - threads: the number of compute threads.
    package func findings(native: [Precision], asked: Precision, threads: Int) -> [Finding] {
        let auto: Precision = native.contains(.bf16) ? .bf16 : .f32
        let fits = asked == .auto || native.contains(asked)
        let names = native.map(\.rawValue).joined(separator: ", ")
        var findings = [
            Finding(
                Self.group,
                "model",
                field("model name") ?? field("CPU part") ?? "not told by the system"
            ),
            Finding(Self.group, "instructions", instructions),
            fits
                ? Finding(
                    Self.group,
                    "precision",
                    asked == .auto
                        ? "\(auto.rawValue), as auto chooses of \(names)" : "\(asked.rawValue), of \(names)"
                )
                : Finding(
                    Self.group,
                    "precision",
                    "\(asked.rawValue), which this processor has no instructions for",
                    .problem,
                    "Set --precision (CLIP_PRECISION) to auto, or to one of \(names)."
                ),
        ]
        if native == [.f32] {
            findings.append(
                Finding(
                    Self.group,
                    "speed",
                    "f32 alone",
                    .note,
                    "A processor with AVX-512 BF16 or Arm BF16 is nearly twice as quick."
                )
            )
        }
        let most = min(Double(cores), quota ?? .infinity)
        let share =
            quota.map { ", of which control groups allow \(String(format: "%.2g", $0)) cores' time" } ?? ""
        let isTooMany = Double(threads) > most.rounded(.up)
        let suited = max(1, Int(most))
        findings.append(
            Finding(
                Self.group,
                "cores",
                "\(cores)\(share); \(threads) \(threads == 1 ? "thread computes" : "threads compute")",
                isTooMany ? .note : .ok,
                isTooMany
                    ? "More threads than cores wait for each other: set --threads \(suited) (CLIP_THREADS), or allow more."
                    : nil
            )
        )
        return findings
    }

    /// The instructions that matter for the speed of a forward pass.
    private var instructions: String {
        let flags = Set((field("flags") ?? field("Features") ?? "").split(separator: " ").map(String.init))
        let names = [
            ("avx2", "AVX2"), ("fma", "FMA"), ("avx512f", "AVX-512"), ("avx512_bf16", "AVX-512 BF16"),
            ("avx512_vnni", "AVX-512 VNNI"), ("avx_vnni", "AVX-VNNI"), ("amx_bf16", "AMX BF16"),
            ("amx_int8", "AMX INT8"), ("asimd", "NEON"), ("bf16", "BF16"), ("i8mm", "I8MM"),
        ].filter { flags.contains($0.0) }.map(\.1)
        return names.isEmpty ? "the baseline's" : names.joined(separator: ", ")
    }

    /// The value of the first line with this name in the system's description.
    private func field(_ name: String) -> String? {
        for line in description.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].trimmingCharacters(in: .whitespaces) == name else { continue }
            return parts[1].trimmingCharacters(in: .whitespaces)
        }
        return nil
    }

    private static func pair(_ text: String?) -> (Double?, Double?) {
        let words = (text ?? "").split(whereSeparator: \.isWhitespace)
        return (words.first.flatMap { Double($0) }, words.dropFirst().first.flatMap { Double($0) })
    }

    private static func number(_ text: String?) -> Double? {
        text.flatMap { Double($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    private static func text(of file: String) -> String? {
        try? String(contentsOfFile: file, encoding: .utf8)
    }
}
