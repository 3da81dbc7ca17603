/** A share with its name. */
export interface Share {
  readonly name: string;
  /** 0 to 1. */
  readonly value: number;
  /** Ends of its interval. */
  readonly interval?: readonly [number, number];
}

interface BarsProps {
  readonly label: string;
  readonly shares: readonly Share[];
}

/** Shares as bars, with their intervals as lines over them. */
export function Bars({ label, shares }: BarsProps) {
  return (
    <table className="bars" aria-label={label}>
      <tbody>
        {shares.map(({ name, value, interval }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>
              <span className="bar" aria-hidden="true">
                <i style={{ width: `${100 * value}%` }} />
                {interval && (
                  <b
                    style={{ left: `${100 * interval[0]}%`, width: `${100 * (interval[1] - interval[0])}%` }}
                  />
                )}
              </span>
            </td>
            <td>
              {shareText(value)}
              {interval && <span>{`${shareText(interval[0])}–${shareText(interval[1])}`}</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A share in three decimals; one that is not 0, but smaller, says so. */
export function shareText(value: number): string {
  return value > 0 && value < 0.0005 ? "<0.001" : value.toFixed(3);
}
