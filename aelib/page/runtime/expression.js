// What a reader types: sums, products, powers, functions and names, read without running it.

const FUNCTIONS = {
  log: Math.log, ln: Math.log, exp: Math.exp, sqrt: Math.sqrt, abs: Math.abs, sin: Math.sin, cos: Math.cos,
  tanh: Math.tanh, log1p: Math.log1p, expm1: Math.expm1, log2: Math.log2,
  sigmoid: math.sigmoid, softplus: math.softplus,
};
const CONSTANTS = { pi: Math.PI, π: Math.PI, e: Math.E };
const GREEK = { α: "alpha", β: "beta", γ: "gamma", δ: "delta", ε: "epsilon", θ: "theta", λ: "lambda", μ: "mu", ρ: "rho", σ: "sigma", τ: "tau" };
const TOKEN = /\s*(?:(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)|([A-Za-z_\u0370-\u03ff][A-Za-z_0-9\u0370-\u03ff]*)|(\*\*|[-+*/^()]))/y;

function tokens(text) {
  const found = [];
  TOKEN.lastIndex = 0;
  const tidy = text.replaceAll("−", "-").replaceAll("·", "*").replaceAll("×", "*").replaceAll("²", "^2").trimEnd();
  while (TOKEN.lastIndex < tidy.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(tidy);
    if (!match) throw new Error(`cannot read “${tidy.slice(at).trim()[0]}”`);
    found.push(match[1] ? { number: Number(match[1]) } : match[2] ? { name: match[2] } : { sign: match[3] });
  }
  return found;
}

// Text to a function of the variables' values; throws with words for the reader.
function parse(text, variables) {
  const list = tokens(text);
  let next = 0;
  const sign = (...signs) => next < list.length && signs.includes(list[next].sign) && list[next++].sign;

  function sum() {
    let left = product();
    for (let op; (op = sign("+", "-")); ) {
      const [a, b] = [left, product()];
      left = op === "+" ? (v) => a(v) + b(v) : (v) => a(v) - b(v);
    }
    return left;
  }
  function product() {
    let left = signed();
    for (;;) {
      const op = sign("*", "/");
      // "2x" and "2(x + 1)" are products.
      const beside = !op && next < list.length && (list[next].name || list[next].sign === "(" || list[next].number !== undefined);
      if (!op && !beside) return left;
      const [a, b] = [left, signed()];
      left = op === "/" ? (v) => a(v) / b(v) : (v) => a(v) * b(v);
    }
  }
  function signed() {
    if (sign("-")) {
      const a = signed();
      return (v) => -a(v);
    }
    return sign("+") ? signed() : power();
  }
  function power() {
    const a = atom();
    if (!sign("**", "^")) return a;
    const b = signed();
    return (v) => a(v) ** b(v);
  }
  function inBrackets() {
    if (!sign("(")) throw new Error("expected “(” after a function");
    const inner = sum();
    if (!sign(")")) throw new Error("a bracket is not closed");
    return inner;
  }
  function atom() {
    const token = list[next];
    if (!token) throw new Error("something is missing at the end");
    if (token.sign === "(") return inBrackets();
    next++;
    if (token.number !== undefined) return () => token.number;
    if (token.name) {
      const name = variables.includes(token.name) ? token.name : GREEK[token.name] || token.name;
      if (variables.includes(name)) return (v) => v[name];
      if (CONSTANTS[name] !== undefined) return () => CONSTANTS[name];
      if (FUNCTIONS[name]) {
        const argument = inBrackets();
        return (v) => FUNCTIONS[name](argument(v));
      }
      throw new Error(`“${token.name}” is not a name used here (${[...variables, "log", "exp"].join(", ")}, …)`);
    }
    throw new Error(`“${token.sign}” is not expected here`);
  }

  if (!list.length) throw new Error("nothing is written yet");
  const whole = sum();
  if (next < list.length) throw new Error(`“${list[next].sign}” is not expected here`);
  return whole;
}

// A number as people write it: 1,000 · 0,5 · −3 · 1e-3 · 2/3 · log(2).
function readNumber(text) {
  let tidy = text.trim().replaceAll(/[\s\u00a0\u202f']/g, "");
  if (/^[-−+]?\d{1,3}(,\d{3})+(\.\d*)?$/.test(tidy)) tidy = tidy.replaceAll(",", "");
  else if (/^[-−+]?\d*,\d+$/.test(tidy)) tidy = tidy.replace(",", ".");
  const percent = tidy.endsWith("%");
  const value = parse(percent ? tidy.slice(0, -1) : tidy, [])({});
  if (!Number.isFinite(value)) throw new Error("this is not a finite number");
  return percent ? value / 100 : value;
}
